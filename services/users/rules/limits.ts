export type AttemptKind = 'login-account' | 'login-address' | 'mail';

/** Attempts are counted in windows of this length. */
export const windowSeconds = 900;

/** Attempts in one window: to sign in to an account, to sign in from an address, to have mail sent to an account. */
export const limits: Record<AttemptKind, number> = { 'login-account': 10, 'login-address': 1000, mail: 5 };

export const accessTokenSeconds = 900;
export const refreshTokenSeconds = 30 * 24 * 3600;
export const linkSeconds = { 'verify-email': 3 * 24 * 3600, 'reset-password': 3600 } as const;
export type LinkPurpose = keyof typeof linkSeconds;
