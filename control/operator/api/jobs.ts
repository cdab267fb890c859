import { randomUUID } from 'node:crypto';
import { MatapaloError } from '#kernel/errors.ts';
import { transaction } from '#kernel/db/pool.ts';
import { groupOf } from '#plan/compile.ts';
import { channels } from '#plan/names.ts';
import { isSynced } from '#plan/phase.ts';
import { readGroup } from '#plan/store/groups.ts';
import type { Operator } from '../operator.ts';

export const jobKinds = ['verify', 'repair', 'skip', 'resync'] as const;
export type JobKind = (typeof jobKinds)[number];

/** Hands work to the cdc worker that leads. Throws `conflict` while the same work is already asked for. */
export async function addJob(
  op: Operator,
  kind: JobKind,
  groupName: string,
  args: Record<string, unknown>,
  askedBy: string,
): Promise<{ id: string }> {
  groupOf(op.plan, groupName);
  const group = await readGroup(op.control, groupName);
  if (group === undefined || !isSynced(group.phase)) {
    throw new MatapaloError(
      'illegal-transition',
      `Group ${groupName} is ${group?.phase ?? 'unknown'}: nothing is synced.`,
      {
        hint: `matapalo sync ${groupName}`,
      },
    );
  }
  const id = randomUUID();
  await transaction(op.control, async (client) => {
    await client.query('select from route_group where name = $1 for update', [groupName]);
    const open = await client.query<{ id: string }>(
      `select id from job where group_name = $1 and kind = $2 and state in ('queued', 'running') and args = $3::jsonb`,
      [groupName, kind, JSON.stringify(args)],
    );
    if (open.rows[0]) {
      throw new MatapaloError('conflict', `This ${kind} of ${groupName} is already under way.`, {
        hint: `GET /api/jobs/${open.rows[0].id}`,
        extra: { id: open.rows[0].id },
      });
    }
    await client.query('insert into job (id, group_name, kind, args, asked_by) values ($1, $2, $3, $4, $5)', [
      id,
      groupName,
      kind,
      JSON.stringify(args),
      askedBy,
    ]);
    await client.query('select pg_notify($1, $2)', [channels.jobs, groupName]);
  });
  return { id };
}

export async function readJob(op: Operator, id: string): Promise<Record<string, unknown>> {
  const { rows } = await op.control.query<Record<string, unknown>>(
    `select id, group_name as "group", kind, args, state, progress, result, asked_by as "askedBy",
            created_at as "createdAt", started_at as "startedAt", ended_at as "endedAt"
       from job where id::text = $1`,
    [id],
  );
  if (rows[0] === undefined) throw new MatapaloError('not-found', `There is no job ${id}.`);
  return rows[0];
}
