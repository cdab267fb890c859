import { afterAll, describe, test } from 'vitest';
import { seededAccounts } from '../../test/contract/monolith-alone.ts';
import { contractSuite } from '../../test/contract/suite.ts';
import { startSupportBesideMonolith } from '../../test/contract/support-beside-monolith.ts';

const shop = await startSupportBesideMonolith();
afterAll(() => shop.stop());

describe("the shop's contract, by the support service; users, orders and goods are the monolith's", () => {
  for (const { name, run } of contractSuite(shop.front.url, { ...seededAccounts, parts: ['support'] }))
    test(name, run);
});
