import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import { transaction } from '#kernel/db/pool.ts';
import type { Log } from '#kernel/log.ts';

export type Role = 'viewer' | 'operator';

export interface Caller {
  name: string;
  role: Role;
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

/** A new token for `name`; only its hash is kept. */
export async function createToken(control: pg.Pool, name: string, role: Role): Promise<string> {
  const token = `mtp_${randomBytes(24).toString('base64url')}`;
  await control.query('insert into api_token (hash, name, role) values ($1, $2, $3)', [
    hashOf(token),
    name,
    role,
  ]);
  return token;
}

/**
 * There is no default password: the first start of an installation makes one operator token, says it once, and never again.
 * `file` receives it too, readable by its owner only.
 */
export async function ensureFirstToken(
  control: pg.Pool,
  log: Log,
  file: string | undefined,
): Promise<string | undefined> {
  const token = `mtp_${randomBytes(24).toString('base64url')}`;
  const made = await transaction(control, async (client) => {
    // Two operators that start together must not both be first.
    await client.query('select pg_advisory_xact_lock(19793, 11)');
    const { rowCount } = await client.query(
      `insert into api_token (hash, name, role) select $1, 'first', 'operator'
        where not exists (select from api_token)`,
      [hashOf(token)],
    );
    return rowCount === 1;
  });
  if (!made) return undefined;
  if (file === undefined) {
    process.stdout.write(
      `\nThe operator's token, shown this once: ${token}\nSet MATAPALO_TOKEN to it for the CLI.\n\n`,
    );
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    // The mode above only counts for a new file.
    chmodSync(file, 0o600);
    log.info({ file }, 'the first operator token has been written');
  }
  return token;
}

/** Who calls, by `Authorization: Bearer`. Throws `unauthorized`. */
export async function authenticate(control: pg.Pool, authorization: string | undefined): Promise<Caller> {
  const token = /^Bearer ([\w-]{16,200})$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) {
    throw new MatapaloError('unauthorized', 'A bearer token is needed.', {
      hint: 'Set MATAPALO_TOKEN; the first start of the operator printed one.',
    });
  }
  const { rows } = await control.query<Caller>('select name, role from api_token where hash = $1', [
    hashOf(token),
  ]);
  const caller = rows[0];
  if (caller === undefined) throw new MatapaloError('unauthorized', 'The token is not known here.');
  return caller;
}
