import { pbkdf2Sync } from 'node:crypto';
import type { Client } from 'pg';
import { hashSecret, legacyHash } from '../users/password.ts';
import { copyRows, raiseSequence, type Cell } from './copy.ts';
import { createRandom } from './random.ts';
import { firstNames, lastNames } from './words.ts';

const openedAt = Date.UTC(2024, 0, 8);

/** Everybody of the sample shop signs in with this. */
export const seedPassword = 'shop-password-1';
export const seedClientSecret = 'service-secret-1';

const staff = [
  ['admin@shop.example', 'Adele Admin', 'admin'],
  ['manager@shop.example', 'Manuel Manager', 'manager'],
  ['agent@shop.example', 'Agnes Agent', 'agent'],
  ['agent2@shop.example', 'Aldo Agent', 'agent'],
  ['agent3@shop.example', 'Anouk Agent', 'agent'],
] as const;

/** Customer number n has the user id n and the address `customer<n>@shop.example`; the staff come after them. */
export const customerCount = (users: number) => users - staff.length;
export const agentIds = (users: number) => [2, 3, 4].map((index) => customerCount(users) + index + 1);
export const customerName = (id: number): string => {
  const random = createRandom(id * 7919);
  return `${random.pick(firstNames)} ${random.pick(lastNames)}`;
};

export async function seedUsers(client: Client, count: number): Promise<void> {
  // One salt for all: twenty thousand derivations would take minutes, and these accounts guard nothing.
  const hash = legacyHash(seedPassword, 'seed-salt-0001', pbkdf2Sync);
  const customers = customerCount(count);
  const row = (id: number, name: string, email: string): Cell[] => {
    const at = new Date(openedAt + id * 35 * 60_000).toISOString();
    return [id, name, email, hash, at, at, at];
  };
  const rows: Cell[][] = [];
  for (let id = 1; id <= customers; id++) rows.push(row(id, customerName(id), `customer${id}@shop.example`));
  staff.forEach(([email, name], index) => rows.push(row(customers + index + 1, name, email)));
  await copyRows(client, 'usr (usr_id, usr_nm, eml, pwd_hsh, eml_vrf_dt, crt_dt, upd_dt)', rows);
  await copyRows(
    client,
    'usr_rol (usr_id, rol_cd)',
    rows.map(([id = 0], index) => [id, staff[index - customers]?.[2] ?? 'customer']),
  );
  const secret = hashSecret(seedClientSecret);
  await copyRows(client, 'svc_cli (cli_id, sec_hsh, scp)', [
    ['catalogue-service', secret, 'introspect'],
    ['orders-service', secret, 'introspect reservations:write stock:adjust users:read'],
    ['support-service', secret, 'introspect orders:read orders:refund stock:adjust users:read'],
  ]);
  await raiseSequence(client, 'usr', 'usr_id');
}
