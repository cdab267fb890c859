import { createHash, pbkdf2, type pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
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

/** A stored form for accounts that do not exist, so that a wrong address takes as long as a wrong password. */
const nobody = format(iterations, 'nobody', Buffer.alloc(keyBytes));

export async function verifyPassword(password: string, stored: string | undefined): Promise<boolean> {
  const [scheme, rounds, salt = '', hex = ''] = (stored ?? nobody).split('$');
  const expected = Buffer.from(hex, 'hex');
  if (scheme !== 'pbkdf2' || expected.length !== keyBytes) return false;
  const key = await derive(password, salt, Number(rounds), keyBytes, digest);
  return timingSafeEqual(key, expected) && stored !== undefined;
}

/** Client secrets and refresh tokens are long and random: one round of a hash is enough for them. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');
