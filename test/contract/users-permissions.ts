import assert from 'node:assert/strict';
import { allOperations, type MatchedOperation } from './contract.ts';
import type { ContractCase, ContractContext, Role } from './context.ts';
import { bodyOf, sample } from './junk-values.ts';
import { Session } from './session.ts';

type Who = Role | 'guest' | 'service';
const everybody: readonly Who[] = ['guest', 'customer', 'agent', 'manager', 'admin', 'service'];
const users: readonly Who[] = ['customer', 'agent', 'manager', 'admin'];
const nobodysId = 2_147_483_647;

/** Where the object decides, too: who may, of the own account and of another's. */
const byObject: Record<string, { own: readonly Who[]; other: readonly Who[] }> = {
  getUser: { own: users, other: ['agent', 'manager', 'admin', 'service'] },
  eraseUser: { own: users, other: ['admin'] },
};

/**
 * Every cell of role, operation and own or another's object. A call that may be made fails for another reason (no body, no such
 * account) wherever it would change something: what is asserted is that it is not refused for who makes it.
 */
export function permissionCases(context: ContractContext): ContractCase[] {
  const sessionOf = async (who: Who): Promise<Session | undefined> => {
    if (who === 'guest') return context.guest();
    if (who !== 'service') return context.as(who);
    if (context.client === undefined) return undefined;
    const { id, secret } = context.client;
    const body = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
    const issued = await context.guest().expect(200, 'POST', '/oauth/token', { body });
    return new Session(context.baseUrl, issued.access_token as string);
  };
  const mayCall = ({ operation }: MatchedOperation, who: Who): boolean => {
    if (operation.security === undefined) return true;
    const roles: readonly string[] = operation['x-roles'] ?? users;
    return roles.includes(who);
  };
  const check = async (entry: MatchedOperation, who: Who, path: string, allowed: boolean) => {
    const session = await sessionOf(who);
    if (session === undefined) return;
    const { method, operation } = entry;
    // A call that must be refused is a good one otherwise: nothing but who makes it stands in its way.
    const schema = bodyOf(operation);
    const body = schema === undefined ? {} : { body: allowed ? {} : sample(schema) };
    const { status } = await session.call(method, path, body);
    const refusal = who === 'guest' ? 401 : 403;
    const told = `${who}: ${method} ${path} was answered ${status}`;
    if (allowed) assert.ok(status !== 401 && status !== 403, told);
    else assert.equal(status, refusal, told);
  };

  return allOperations()
    .filter(({ operation }) => operation.tags.includes('users') && operation.security !== undefined)
    .map((entry) => ({
      name: `users: who may ${entry.method} ${entry.template}`,
      run: async () => {
        const path = entry.template.replace('{id}', String(nobodysId)).replace('{role}', 'agent');
        const rule = byObject[entry.operation.operationId];
        for (const who of everybody) {
          await check(entry, who, path, rule ? rule.other.includes(who) : mayCall(entry, who));
          // An own account is not erased here: that it may be is shown with one made for it.
          if (rule === undefined || !users.includes(who) || entry.method === 'DELETE') continue;
          const me = await (await context.as(who as Role)).expect(200, 'GET', '/users/me');
          await check(entry, who, `/users/${me.id}`, rule.own.includes(who));
        }
      },
    }));
}
