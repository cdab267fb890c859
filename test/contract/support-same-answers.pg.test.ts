import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resolveGroup } from '#plan/mapping/load-flows.ts';
import { carry, supportGroup } from './carry-rows.ts';
import { seededAccounts } from './monolith-alone.ts';
import { Session } from './session.ts';
import { startSupportBesideMonolith, type SupportBesideMonolith } from './support-beside-monolith.ts';

let shop: SupportBesideMonolith;
let clients: pg.Client[] = [];
const tokens = new Map<string, string>();

beforeAll(async () => {
  shop = await startSupportBesideMonolith();
  const from = new pg.Client({ connectionString: shop.monolith.cluster.url(shop.monolith.database) });
  const to = new pg.Client({ connectionString: shop.cluster.url(shop.database) });
  clients = [from, to];
  await Promise.all(clients.map((client) => client.connect()));
  await from.query(`
    insert into ret (ret_id, tkt_id, ord_id, usr_id, stat_cd, rsn, dec_note, rfd_cents)
      select gen_random_uuid(), tkt_id, tkt_id, usr_id, 'D', 'x', 'y', 100 * tkt_id + 5 from tkt where kind_cd = 'R';
    insert into ret_ln select ret_id, p, p from ret, generate_series(1, 2) p on conflict do nothing;
    insert into tkt_att (msg_id, file_nm, mime_cd, byt_cnt, sha_hsh)
      select msg_id, 'a.png', 'image/png', 104857600, repeat('0a', 32) from tkt_msg where msg_id % 3 = 0`);
  await to.query('delete from articles');
  const { flows } = await resolveGroup(supportGroup, from, to);
  await carry(from, to, flows.forward);
  for (const role of ['customer', 'agent'] as const) {
    const body = seededAccounts.accounts[role];
    const answer = await new Session(shop.front.url).expect(200, 'POST', '/auth/login', { body });
    tokens.set(role, answer.accessToken as string);
  }
});
afterAll(async () => {
  for (const client of clients) await client.end();
  await shop?.stop();
});

/** On equal rows the service answers as the monolith does, down to the words of a refusal. */
async function sameAnswer(role: string, method: string, path: string, body?: unknown) {
  const [legacy, service] = await Promise.all(
    [shop.monolith.baseUrl, shop.front.url].map((url) =>
      new Session(url, tokens.get(role)).call(method, path, body === undefined ? {} : { body }),
    ),
  );
  expect([path, service?.status, service?.body]).toEqual([path, legacy?.status, legacy?.body]);
  return legacy?.body;
}

test('lists, filtered and page by page, each side reading the other’s cursors', async () => {
  for (const role of ['agent', 'customer']) {
    const filters = ['', '&status=closed', '&status=new&kind=question', '&kind=return', '&customerId=1'];
    if (role === 'agent')
      filters.push('&breached=response', '&breached=resolution', '&breached=any', '&assigneeId=2');
    for (const filter of filters) {
      let cursor = '';
      for (let page = 0; page < 4; page += 1) {
        const { nextCursor } = await sameAnswer(role, 'GET', `/tickets?limit=7${filter}${cursor}`);
        if (nextCursor === null) break;
        cursor = `&cursor=${nextCursor}`;
      }
    }
  }
});

test('what is late is listed, all of it and nothing else', async () => {
  const agent = new Session(shop.front.url, tokens.get('agent'));
  const all = async (filter: string) => {
    const found: { id: number; sla: { breached: string[] } }[] = [];
    for (let cursor = ''; ;) {
      const page = await agent.expect(200, 'GET', `/tickets?limit=100${filter}${cursor}`);
      found.push(...page.items);
      if (page.nextCursor === null) return found;
      cursor = `&cursor=${page.nextCursor}`;
    }
  };
  const tickets = await all('');
  for (const kind of ['response', 'resolution', 'any']) {
    const late = tickets.filter(({ sla }) =>
      kind === 'any' ? sla.breached.length > 0 : sla.breached.includes(kind),
    );
    expect(late.length).toBeGreaterThan(10);
    expect(late.length).toBeLessThan(tickets.length);
    expect((await all(`&breached=${kind}`)).map(({ id }) => id)).toEqual(late.map(({ id }) => id));
  }
});

test('tickets with messages, attachments and returns, and who their customer is', async () => {
  const { items } = await sameAnswer('agent', 'GET', '/tickets?limit=60');
  for (const { id } of items) {
    for (const more of ['', '/messages', '/returns', '/customer'])
      await sameAnswer('agent', 'GET', `/tickets/${id}${more}`);
    const { items: returns } = await sameAnswer('agent', 'GET', `/tickets/${id}/returns`);
    for (const { id: returnId } of returns) await sameAnswer('agent', 'GET', `/returns/${returnId}`);
    await sameAnswer('customer', 'GET', `/tickets/${id}`);
  }
});

test('refusals, and what the bot says', async () => {
  for (const path of [
    '/tickets?limit=0',
    '/tickets?status=nope',
    '/tickets?breached=any',
    '/tickets?cursor=junk',
    '/tickets?customerId=2',
    '/tickets/0',
    '/tickets/2147483647',
    '/tickets/2147483647/returns',
    '/returns/abc',
    `/returns/${crypto.randomUUID()}`,
  ])
    await sameAnswer('customer', 'GET', path);
  const lines = [{ productId: 1, quantity: 1 }];
  const { items } = await sameAnswer('customer', 'GET', '/tickets?limit=1&kind=question');
  for (const body of [
    {},
    { ticketId: 2_147_483_647, lines, reason: 'x' },
    { ticketId: items[0]?.id ?? 1, lines: [...lines, ...lines], reason: 'x' },
    { ticketId: items[0]?.id ?? 1, lines, reason: 'x' },
  ])
    await sameAnswer('customer', 'PUT', `/returns/${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`, body);
  for (const question of [
    'Where is my order?',
    '¿Dónde está mi pedido 1?',
    'How do I cancel?',
    'Quiero un agente',
    'x',
  ])
    for (const role of ['customer', 'nobody']) await sameAnswer(role, 'POST', '/support/bot', { question });
});
