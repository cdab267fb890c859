import { MatapaloError } from './errors.ts';

/** A variable that must be set; the error names it. */
export function requireEnv(name: string, meaning: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') {
    throw new MatapaloError('config-invalid', `The environment variable ${name} is not set.`, {
      hint: `Set it to ${meaning}.`,
    });
  }
  return value;
}

export function envOr(name: string, fallback: string): string {
  const value = process.env[name];
  return value === undefined || value === '' ? fallback : value;
}

export function intEnv(
  name: string,
  fallback: number,
  { min = 0, max = Number.MAX_SAFE_INTEGER } = {},
): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new MatapaloError('config-invalid', `${name}=${text} is not a whole number from ${min} to ${max}.`);
  }
  return value;
}

export function boolEnv(name: string, fallback = false): boolean {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new MatapaloError('config-invalid', `${name}=${text} is neither true nor false.`);
}
