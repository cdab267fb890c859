import { MatapaloError } from '../errors.ts';

export interface ServiceCredentials {
  /** The shop's public address: whoever owns the users answers there. */
  publicUrl: string;
  clientId: string;
  clientSecret: string;
}

/** So long before its end a token is replaced: what is called with it takes its time, too. */
const marginMs = 60_000;
const timeoutMs = 5_000;

/**
 * A service's own access token (OAuth 2.0 client credentials), fetched when it is first needed and again before it ends; one
 * fetch at a time, however many ask. Throws `unavailable` while nobody answers, `unauthorized` for wrong credentials.
 */
export function createServiceToken(credentials: ServiceCredentials): () => Promise<string> {
  let token = '';
  let untilMs = 0;
  let fetching: Promise<string> | undefined;
  const renew = async () => {
    const issued = await fetchToken(credentials);
    token = issued.token;
    untilMs = Date.now() + issued.lifeMs - marginMs;
    return token;
  };
  return async () => {
    if (Date.now() < untilMs) return token;
    fetching ??= renew().finally(() => (fetching = undefined));
    return fetching;
  };
}

async function fetchToken({ publicUrl, clientId, clientSecret }: ServiceCredentials) {
  const basic = [clientId, clientSecret].map(encodeURIComponent).join(':');
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(new URL('/oauth/token', publicUrl), {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    text = await answer.text();
  } catch (cause) {
    throw new MatapaloError('unavailable', 'No service token can be fetched now.', { cause });
  }
  if (answer.status === 401) {
    throw new MatapaloError('unauthorized', `The client ${clientId} is unknown, or its secret is wrong.`);
  }
  if (!answer.ok) throw new MatapaloError('unavailable', `A service token was answered ${answer.status}.`);
  const body = JSON.parse(text) as { access_token?: unknown; expires_in?: unknown };
  if (typeof body.access_token !== 'string' || typeof body.expires_in !== 'number')
    throw new MatapaloError('unavailable', 'The answer for a service token is not understood.');
  return { token: body.access_token, lifeMs: body.expires_in * 1000 };
}
