import { argon2, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const deriveArgon2 = promisify(argon2);
const derivePbkdf2 = promisify(pbkdf2);

/** OWASP's least for argon2id: 19 MiB, two passes, one lane. */
const present = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const keyBytes = 32;

interface Argon2Parameters {
  memory: number;
  passes: number;
  parallelism: number;
}

const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');

async function derive(password: string, salt: Buffer, how: Argon2Parameters, length = keyBytes) {
  return deriveArgon2('argon2id', { message: password, nonce: salt, tagLength: length, ...how });
}

/** In the PHC string format: `$argon2id$v=19$m=..,t=..,p=..$<salt>$<key>`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, present);
  const { memory, passes, parallelism } = present;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(key)}`;
}

export interface PasswordCheck {
  isRight: boolean;
  /** The same password's present form, where the stored one is of an older kind. */
  upgraded: string | undefined;
}

/**
 * Checks against argon2id, and against the shop's first form, `pbkdf2$<iterations>$<salt>$<hex key>`. Each check derives one
 * argon2id key, whatever is stored: its time does not tell whether there is an account, or an old one.
 */
export async function checkPassword(password: string, stored: string | undefined): Promise<PasswordCheck> {
  if (stored?.startsWith('pbkdf2$')) {
    const [isRight, upgraded] = await Promise.all([isPbkdf2(password, stored), hashPassword(password)]);
    return { isRight, upgraded: isRight ? upgraded : undefined };
  }
  const found = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(
    stored ?? '',
  );
  if (found === null) {
    await hashPassword(password);
    return { isRight: false, upgraded: undefined };
  }
  const [, memory, passes, parallelism, salt = '', key = ''] = found;
  const how = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const expected = Buffer.from(key, 'base64');
  const isRight = timingSafeEqual(
    await derive(password, Buffer.from(salt, 'base64'), how, expected.length),
    expected,
  );
  const isWeak = how.memory < present.memory || how.passes < present.passes;
  return { isRight, upgraded: isRight && isWeak ? await hashPassword(password) : undefined };
}

async function isPbkdf2(password: string, stored: string): Promise<boolean> {
  const [, rounds, salt = '', hex = ''] = stored.split('$');
  const expected = Buffer.from(hex, 'hex');
  if (expected.length !== keyBytes) return false;
  const key = await derivePbkdf2(password, salt, Number(rounds), keyBytes, 'sha256');
  return timingSafeEqual(key, expected);
}
