import { afterAll, describe, test } from 'vitest';
import { startCatalogueAlone } from '../../test/contract/catalogue-alone.ts';
import { contractSuite } from '../../test/contract/suite.ts';

const shop = await startCatalogueAlone();
afterAll(() => shop.stop());
await shop.cluster.query(
  `insert into categories (name, slug) values ('Lamps', 'lamps'), ('Chairs', 'chairs')`,
  shop.database,
);

describe("the shop's contract, by the catalogue service alone", async () => {
  const account = async (role: string, subject: string) => ({ token: await shop.token(role, subject) });
  const cases = contractSuite(shop.baseUrl, {
    parts: ['catalogue'],
    accounts: {
      customer: await account('customer', '1'),
      agent: await account('agent', '2'),
      manager: await account('manager', '3'),
      admin: await account('admin', '4'),
    },
  });
  for (const { name, run } of cases) test(name, run);
});
