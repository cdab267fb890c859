import pg from 'pg';
import { channels } from '#plan/names.ts';

/** Resolves `began` once a transition of the group holds its writes at every proxy; a write before that would be drained. */
export async function watchHold(
  controlUrl: string,
  group: string,
): Promise<{ began: Promise<void>; close(): Promise<void> }> {
  const db = new pg.Client({ connectionString: controlUrl, application_name: 'demo' });
  await db.connect();
  let begin: () => void = () => undefined;
  const began = new Promise<void>((resolve) => (begin = resolve));
  const look = async () => {
    const { rows } = await db.query<{ held: boolean }>(
      `select holding is not null and not exists (
          select from proxy, route_version where lease_until > now() and proxy.version < route_version.version) as held
         from route_group where name = $1`,
      [group],
    );
    if (rows[0]?.held === true) begin();
  };
  // Closing ends a look that is under way; nobody waits for it any more.
  db.on('notification', () => void look().catch(() => undefined));
  await db.query(`listen ${channels.routes}; listen ${channels.proxies}`);
  return { began, close: () => db.end() };
}
