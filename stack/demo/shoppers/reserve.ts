import type { Ledger, Line, ReservationEntry } from './ledger.ts';
import type { Random } from './random.ts';
import { field } from './read-answer.ts';
import type { Ask, ShopClient } from './shop-client.ts';

const ask = (id: string, move?: 'commit' | 'release'): Pick<Ask, 'path' | 'route' | 'moving'> => ({
  path: `/reservations/${id}${move === undefined ? '' : `/${move}`}`,
  route: `/reservations/:id${move === undefined ? '' : `/${move}`}`,
  moving: true,
});

/**
 * Holds stock under a new id. There is always enough: shoppers know their own products, and the shared ones are deep. Gives
 * the entry, in the ledger from before the request on.
 */
export async function reserve(
  client: ShopClient,
  ledger: Ledger,
  random: Random,
  lines: readonly Line[],
  ttlSeconds = 7200,
): Promise<ReservationEntry> {
  const entry: ReservationEntry = {
    id: random.uuid(),
    lines: [...lines].sort((a, b) => a.productId - b.productId),
    outcome: 'unknown',
    state: 'held',
    mayExpire: ttlSeconds < 3600,
    uncertain: false,
  };
  ledger.reservations.push(entry);
  const put: Ask = { ...ask(entry.id), method: 'PUT', body: { lines, ttlSeconds } };
  const answer = await client.ask(put);
  if (answer === undefined) return entry;
  entry.outcome = answer.status === 201 || answer.status === 200 ? 'acknowledged' : 'refused';
  if (answer.status !== 201)
    client.wrong(put, `201 expected, ${answer.status} ${JSON.stringify(answer.body)}`);
  else if (!says(answer.body, entry)) client.wrong(put, `it shows ${JSON.stringify(answer.body)}`);
  return entry;
}

/** Moves a held reservation. True when it was answered as the model predicts. */
export async function move(
  client: ShopClient,
  entry: ReservationEntry,
  to: 'commit' | 'release',
): Promise<boolean> {
  const post: Ask = { ...ask(entry.id, to), method: 'POST' };
  const answer = await client.ask(post);
  if (answer === undefined) {
    entry.uncertain = true;
    return false;
  }
  if (answer.status === 200) entry.state = to === 'commit' ? 'committed' : 'released';
  else client.wrong(post, `200 expected, ${answer.status} ${JSON.stringify(answer.body)}`);
  if (answer.status === 200 && !says(answer.body, entry))
    client.wrong(post, `it shows ${JSON.stringify(answer.body)}`);
  return answer.status === 200;
}

/** Reads one's own reservation back: it must stand where it was left. */
export async function readBack(client: ShopClient, entry: ReservationEntry): Promise<void> {
  const get: Ask = { ...ask(entry.id), method: 'GET' };
  const body = await client.expect(200, get);
  if (body !== undefined && !entry.uncertain && !says(body, entry))
    client.wrong(get, `it shows ${JSON.stringify(body)}, it was left ${entry.state}`);
}

function says(body: unknown, entry: ReservationEntry): boolean {
  const lines = field(body, 'lines');
  return (
    field(body, 'id') === entry.id &&
    field(body, 'state') === entry.state &&
    Array.isArray(lines) &&
    lines.length === entry.lines.length &&
    entry.lines.every(
      (line, index) =>
        field(lines[index], 'productId') === line.productId &&
        field(lines[index], 'quantity') === line.quantity,
    )
  );
}
