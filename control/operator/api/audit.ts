import type { Queryable } from '#kernel/db/pool.ts';
import type { Caller } from './tokens.ts';

/** What was asked for, by whom, and what came of it. Refusals are kept too. */
export async function audit(
  control: Queryable,
  caller: Caller,
  action: string,
  target: string,
  outcome: string,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await control.query(
    'insert into audit (who, role, action, target, outcome, detail) values ($1, $2, $3, $4, $5, $6)',
    [caller.name, caller.role, action, target, outcome, JSON.stringify(detail)],
  );
}
