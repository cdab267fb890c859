import { afterAll, describe, test } from 'vitest';
import { seededAccounts, startMonolithAlone } from './monolith-alone.ts';
import { contractSuite } from './suite.ts';

const shop = await startMonolithAlone();
afterAll(() => shop.stop());

const options = { ...seededAccounts, mailDir: shop.mailDir };

describe("the shop's contract, by the monolith alone", () => {
  for (const { name, run } of contractSuite(shop.baseUrl, options)) test(name, run);
});

describe('the same suite once more, on what the first run left behind', () => {
  for (const { name, run } of contractSuite(shop.baseUrl, options)) {
    if (!name.startsWith('junk')) test(name, run);
  }
});
