import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { identityCases } from './identity.ts';
import { junkCases } from './junk.ts';
import { availabilityCases } from './catalogue-stock.ts';
import { productCases } from './catalogue-products.ts';
import { reservationCases } from './catalogue-reservations.ts';
import { searchCases } from './catalogue-search.ts';
import { allOperations } from './contract.ts';
import { cartCases } from './orders-carts.ts';
import { historyCases } from './orders-history.ts';
import { orderPermissionCases } from './orders-permissions.ts';
import { webhookCases } from './orders-webhooks.ts';
import { refundCases } from './orders-refunds.ts';
import { orderCases } from './orders.ts';
import {
  allParts,
  type Account,
  type ContractCase,
  type ContractContext,
  type ContractOptions,
  type Part,
  type Role,
} from './context.ts';
import { Session } from './session.ts';
import { botCases } from './support-bot.ts';
import { supportPermissionCases } from './support-permissions.ts';
import { returnCases } from './support-returns.ts';
import { supportCases } from './support.ts';
import { userCases } from './users.ts';
import { permissionCases } from './users-permissions.ts';

/**
 * The shop's contract: the same for the monolith alone, a service alone, and the proxy in each phase. It makes its own
 * data under new names, expects nothing of what is there but one category, and never repeats a refused write.
 */
export function contractSuite(baseUrl: string, options: ContractOptions): ContractCase[] {
  const { accounts, client, parts } = options;
  const described = new Set(allOperations().flatMap(({ operation }) => operation.tags));
  const wanted = new Set(parts ?? allParts.filter((part) => described.has(part)));
  const succeeded = new Set<string>();
  const tokens = new Map<Role, Promise<string>>();
  const context: ContractContext = {
    baseUrl,
    run: runName(),
    client,
    mailDir: options.mailDir,
    webhookSecret: options.webhookSecret,
    guest: () => new Session(baseUrl, undefined, succeeded),
    async as(role) {
      const token = tokens.get(role) ?? tokenOf(baseUrl, accounts[role]);
      tokens.set(role, token);
      return new Session(baseUrl, await token, succeeded);
    },
  };
  const cases: Record<Part, ContractCase[]> = {
    catalogue: [
      ...productCases(context),
      ...searchCases(context),
      ...availabilityCases(context),
      ...reservationCases(context),
    ],
    users: [...userCases(context), ...identityCases(context), ...permissionCases(context)],
    orders: [
      ...cartCases(context),
      ...orderCases(context),
      ...historyCases(context),
      ...refundCases(context),
      ...webhookCases(context),
      ...orderPermissionCases(context),
    ],
    support: [
      ...supportCases(context),
      ...botCases(context),
      ...returnCases(context),
      ...supportPermissionCases(context),
    ],
  };
  return [
    ...Object.entries(cases).flatMap(([part, list]) => (wanted.has(part as Part) ? list : [])),
    {
      name: 'every operation of the document succeeded at least once',
      run: async () => {
        const expected = allOperations()
          .map(({ operation }) => operation)
          .filter(({ tags }) => tags.some((tag) => wanted.has(tag as Part)));
        const untried = new Set([
          ...(options.mailDir === undefined ? ['verifyEmail', 'resetPassword'] : []),
          ...(options.webhookSecret === undefined ? ['paymentWebhook'] : []),
          ...(client === undefined ? ['issueClientToken', 'introspect', 'revoke'] : []),
        ]);
        const missing = expected.filter(
          ({ operationId }) => !succeeded.has(operationId) && !untried.has(operationId),
        );
        assert.deepEqual(
          missing.map(({ operationId }) => operationId),
          [],
        );
      },
    },
    ...junkCases(context, wanted),
  ];
}

/** Runs the cases one after another, outside of a test runner; returns those that failed. */
export async function runContract(cases: readonly ContractCase[]): Promise<{ name: string; error: Error }[]> {
  const failed: { name: string; error: Error }[] = [];
  for (const { name, run } of cases) {
    try {
      await run();
    } catch (error) {
      failed.push({ name, error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
  return failed;
}

async function tokenOf(baseUrl: string, account: Account): Promise<string> {
  if ('token' in account) return account.token;
  const body = await new Session(baseUrl).expect(200, 'POST', '/auth/login', { body: account });
  return body.accessToken as string;
}

function runName(): string {
  return [...randomBytes(10)].map((byte) => 'bcdfghjklmnpqrstvwxz'.charAt(byte % 20)).join('');
}
