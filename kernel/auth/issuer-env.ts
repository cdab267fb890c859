import { envOr, requireEnv } from '../env.ts';

/** Who issues the access tokens that a service takes, and where it publishes its keys. */
export interface IssuerConfig {
  issuer: string;
  jwksUrl: string;
}

/** `JWT_ISSUER`, and `JWKS_URL`: by default at the shop's public address, `PUBLIC_URL`. */
export function issuerFromEnv(): IssuerConfig {
  return { issuer: envOr('JWT_ISSUER', 'matapalo-shop'), jwksUrl: jwksUrl() };
}

function jwksUrl(): string {
  const named = envOr('JWKS_URL', '');
  if (named !== '') return named;
  const publicUrl = requireEnv('PUBLIC_URL', "the shop's public address, such as http://localhost:8080");
  return new URL('/.well-known/jwks.json', publicUrl).href;
}
