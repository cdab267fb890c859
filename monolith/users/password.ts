import { argon2, createHash, pbkdf2, type pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
const deriveArgon2 = promisify(argon2);
const iterations = 10_000;
const keyBytes = 32;
const digest = 'sha256';

/** The shop's stored form since its first day: `pbkdf2$<iterations>$<salt>$<hex key>`. */
const format = (rounds: number, salt: string, key: Buffer) =>
  `pbkdf2$${rounds}$${salt}$${key.toString('hex')}`;

export function legacyHash(password: string, salt: string, deriveSync: typeof pbkdf2Sync): string {
  return format(iterations, salt, deriveSync(password, salt, iterations, keyBytes, digest));
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(12).toString('base64url');
  return format(iterations, salt, await derive(password, salt, iterations, keyBytes, digest));
}

/** Stored forms that are nobody's: what a wrong password costs must not tell whether, or how, one is stored. */
const ofNobody = {
  pbkdf2: format(iterations, 'nobody', Buffer.alloc(keyBytes)),
  argon2id: `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
};

/** Verifies the shop's own form, and the argon2id that accounts come back with from a service (PHC string format). */
export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  if (stored?.startsWith('pbkdf2$') && (await verifyPbkdf2(password, stored))) return true;
  if (stored?.startsWith('$argon2id$') && (await verifyArgon2(password, stored))) return true;
  // What was not derived above is now: each refusal costs both.
  if (stored?.startsWith('pbkdf2$') !== true) await verifyPbkdf2(password, ofNobody.pbkdf2);
  if (stored?.startsWith('$argon2id$') !== true) await verifyArgon2(password, ofNobody.argon2id);
  return false;
}

async function verifyPbkdf2(password: string, stored: string): Promise<boolean> {
  const [, rounds, salt = '', hex = ''] = stored.split('$');
  const expected = Buffer.from(hex, 'hex');
  if (expected.length !== keyBytes) return false;
  return timingSafeEqual(await derive(password, salt, Number(rounds), keyBytes, digest), expected);
}

async function verifyArgon2(password: string, stored: string): Promise<boolean> {
  const found = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(stored);
  if (found === null) return false;
  const [, memory, passes, parallelism, salt = '', key = ''] = found;
  const expected = Buffer.from(key, 'base64');
  const derived = await deriveArgon2('argon2id', {
    message: password,
    nonce: Buffer.from(salt, 'base64'),
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    tagLength: expected.length,
  });
  return timingSafeEqual(derived, expected);
}

/** Client secrets and refresh tokens are long and random: one round of a hash is enough for them. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');
