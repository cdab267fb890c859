import { createHmac, hash, timingSafeEqual } from 'node:crypto';

/** What a signature is for: one made for a cookie never passes as a parent id. */
export type Purpose = 'parent' | 'mark' | 'side';

const blockBytes = 64;
const innerPad = 0x36;
const outerPad = 0x5c;
const maxText = 1_024;

/** Signs short texts with the config's secret: `<text>~<mac>`. All proxies share the secret, so each verifies the others'. */
export class Signer {
  readonly #key: Buffer;
  /** HMAC (RFC 2104) by two one-shot hashes: half the price of an Hmac object, and a write's parent is signed with each. */
  readonly #inner = Buffer.alloc(blockBytes + maxText, innerPad);
  readonly #outer = Buffer.alloc(blockBytes + 32, outerPad);

  constructor(secret: string) {
    const given = Buffer.from(secret, 'utf8');
    this.#key = given;
    const key = given.length > blockBytes ? hash('sha256', given, 'buffer') : given;
    for (let i = 0; i < key.length; i++) {
      this.#inner[i] = innerPad ^ (key[i] ?? 0);
      this.#outer[i] = outerPad ^ (key[i] ?? 0);
    }
  }

  sign(purpose: Purpose, text: string): string {
    return `${text}~${this.#mac(purpose, text)}`;
  }

  /** The signed text, or undefined for anything that this secret has not signed for this purpose. */
  verify(purpose: Purpose, signed: string): string | undefined {
    if (signed.length > 512) return undefined;
    const cut = signed.lastIndexOf('~');
    if (cut < 0) return undefined;
    const text = signed.slice(0, cut);
    const given = Buffer.from(signed.slice(cut + 1), 'latin1');
    const wanted = Buffer.from(this.#mac(purpose, text), 'latin1');
    return given.length === wanted.length && timingSafeEqual(given, wanted) ? text : undefined;
  }

  #mac(purpose: Purpose, text: string): string {
    const message = `${purpose}\n${text}`;
    if (Buffer.byteLength(message) > maxText)
      return createHmac('sha256', this.#key).update(message).digest('base64url');
    const end = blockBytes + this.#inner.write(message, blockBytes, 'utf8');
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), blockBytes, 'latin1');
    return hash('sha256', this.#outer, 'base64url');
  }
}

/**
 * Value of the side header, for an operator who wants to see one side's answer to a read: `service:<expiry>` signed.
 * `expiresAt` is in seconds since 1970.
 */
export function signSide(signer: Signer, side: 'legacy' | 'service', expiresAt: number): string {
  return signer.sign('side', `${side}:${expiresAt}`);
}

export function verifySide(
  signer: Signer,
  value: string,
  nowSeconds: number,
): 'legacy' | 'service' | undefined {
  const text = signer.verify('side', value);
  const match = /^(legacy|service):(\d{1,12})$/.exec(text ?? '');
  if (match === null || Number(match[2]) < nowSeconds) return undefined;
  return match[1] === 'service' ? 'service' : 'legacy';
}
