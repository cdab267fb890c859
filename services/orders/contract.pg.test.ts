import { afterAll, describe, test } from 'vitest';
import { seededAccounts } from '../../test/contract/monolith-alone.ts';
import { startOrdersBesideMonolith } from '../../test/contract/orders-beside-monolith.ts';
import { contractSuite } from '../../test/contract/suite.ts';

const shop = await startOrdersBesideMonolith();
afterAll(() => shop.stop());

describe("the shop's contract, by the orders service; users and goods are the monolith's", () => {
  for (const { name, run } of contractSuite(shop.front.url, { ...seededAccounts, parts: ['orders'] }))
    test(name, run);
});
