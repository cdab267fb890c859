import { expect } from 'vitest';
import type { Passing } from './front.ts';
import type { Placed } from './orders-audit.ts';
import { eventually, Session } from './session.ts';

/** What the provider does, by the card, and how the checkout ends. */
export const outcomes = {
  approve: { card: 'tok_visa', ends: 201 },
  decline: { card: 'tok_decline', ends: 402 },
  delay: { card: 'tok_delay', ends: 201 },
  'delay, then decline': { card: 'tok_delay_decline', ends: 402 },
  fail: { card: 'tok_fail', ends: 402 },
  'never decide': { card: 'tok_stuck', ends: 402 },
  'fail once': { card: 'tok_flaky', ends: 201 },
  'lose the answer': { card: 'tok_lose', ends: 201 },
  'tell before answering': { card: 'tok_early', ends: 201 },
} as const;

/** Calls that pass by while an order is checked out. */
export const points = {
  checkout: /^POST \/orders$/,
  verify: /^GET \/users\/\d+$/,
  reserve: /^PUT \/reservations\//,
  charge: /^PUT \/charges\/order-\d+$/,
  commit: /^POST \/reservations\/.+\/commit$/,
  cancel: /^PUT \/charges\/.+\/cancellation$/,
  release: /^POST \/reservations\/.+\/release$/,
} as const;

export type Outcome = keyof typeof outcomes;
export type Point = keyof typeof points;
export interface Round {
  outcome: Outcome;
  point: Point;
  phase: Passing['phase'];
}

/** What is given up in the end. */
const hopeless: readonly Outcome[] = ['fail', 'never decide'];
export const isHopeless = ({ outcome }: Pick<Round, 'outcome'>): boolean => hopeless.includes(outcome);

/**
 * Each of the points that an outcome leads through, before the one who is called hears of it and before the caller hears back;
 * those that are given up last. All of them with MATAPALO_NIGHTLY=1, else a sample that meets every outcome.
 */
export function killRounds(seen: readonly Point[], every: number): Round[] {
  const rounds = (Object.keys(outcomes) as Outcome[]).flatMap((outcome) => {
    const after: Point[] =
      outcomes[outcome].ends === 201
        ? ['commit']
        : isHopeless({ outcome })
          ? ['cancel', 'release']
          : ['release'];
    return (['checkout', 'verify', 'reserve', 'charge', ...after] as Point[])
      .filter((point) => seen.includes(point))
      .flatMap((point) => (['before', 'after'] as const).map((phase) => ({ outcome, point, phase })));
  });
  const chosen =
    process.env['MATAPALO_NIGHTLY'] === '1'
      ? rounds
      : rounds.filter((_, index) => index % every === 3 % every);
  return [...chosen.filter((round) => !isHopeless(round)), ...chosen.filter(isHopeless)];
}

export const passes = (round: Omit<Round, 'outcome'>, { method, path, phase }: Passing): boolean =>
  round.phase === phase && points[round.point].test(`${method} ${path}`);

export async function signIn(baseUrl: string, name: string): Promise<Session> {
  const session = new Session(baseUrl);
  const body = { email: `${name}@shop.example`, password: 'shop-password-1' };
  // Whoever answers may just be dead.
  const tokens = await eventually(() => session.expect(200, 'POST', '/auth/login', { body }));
  session.token = tokens.accessToken as string;
  return session;
}

/** As a client does whose connection broke, or who was told to try again. */
async function insist(send: () => Promise<{ status: number }>): Promise<number> {
  for (;;) {
    const status = await send().then(
      (answer) => answer.status,
      () => 502,
    );
    if (![202, 502, 503].includes(status)) return status;
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** One customer's order of two pieces; one who gives up leaves it to the shop. */
export async function placeOrder(
  session: Session,
  {
    product,
    outcome,
    givesUp,
    placed,
  }: { product: number; outcome: Outcome; givesUp: boolean; placed: Placed[] },
): Promise<void> {
  const lines = { body: { items: [{ productId: product, quantity: 2 }] } };
  expect(await insist(() => session.send('PUT', '/cart', lines))).toBe(200);
  const { card, ends } = outcomes[outcome];
  const request = {
    body: { payment: { cardToken: card }, shipping: { name: 'Ada', address: 'Mill Street 1' } },
    headers: { 'idempotency-key': crypto.randomUUID() },
  };
  placed.push({ key: request.headers['idempotency-key'], ends, quantity: 2, once: givesUp });
  const post = () => session.send('POST', '/orders', request);
  if (givesUp) await post().catch(() => undefined);
  else expect([outcome, await insist(post)]).toEqual([outcome, ends]);
}
