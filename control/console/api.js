// The console's way to the operator. The token lives in this tab's session, in no cookie: another site cannot use it.
let token = sessionStorage.getItem('token') ?? '';

export const loggedIn = () => token !== '';

export function setToken(value) {
  token = value;
  if (value === '') sessionStorage.removeItem('token');
  else sessionStorage.setItem('token', value);
}

/** Throws what the operator's problem+json says, with its hint; `status` and `body` are kept. */
export async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed = await answer.json();
  if (!answer.ok) {
    const error = new Error([parsed.detail ?? parsed.title, parsed.hint].filter(Boolean).join(' '));
    throw Object.assign(error, { status: answer.status, body: parsed });
  }
  return parsed;
}
