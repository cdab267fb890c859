import type { ContractContext, Role } from './context.ts';
import { seededAccounts } from './monolith-alone.ts';
import { Session } from './session.ts';

/** What makers of the contract suite work with, for other tests on a seeded shop. */
export function seededContext(baseUrl: string, run: string): ContractContext {
  return {
    run,
    baseUrl,
    client: seededAccounts.client,
    mailDir: undefined,
    webhookSecret: seededAccounts.webhookSecret,
    guest: () => new Session(baseUrl),
    async as(role: Role) {
      const session = new Session(baseUrl);
      const body = seededAccounts.accounts[role];
      session.token = (await session.expect(200, 'POST', '/auth/login', { body })).accessToken as string;
      return session;
    },
  };
}
