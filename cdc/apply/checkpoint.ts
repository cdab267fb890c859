import type { Queryable } from '#kernel/db/pool.ts';
import { MatapaloError } from '#kernel/errors.ts';
import type { Direction, Owner } from '#plan/phase.ts';
import type { Position } from '../capture/capture.ts';

export interface BeatSeen {
  n: bigint;
  epoch: bigint;
  owner: Owner;
  at: Date;
}

/** How far a direction has been applied, as the target's database says: written in the transaction that applies. */
export interface Checkpoint {
  group: string;
  direction: Direction;
  term: bigint;
  position: Position;
  beat: BeatSeen | undefined;
  source: CheckpointSource;
}

export interface CheckpointSource {
  transport?: string;
  system?: string;
  timeline?: number;
  slot?: string;
  /** Id of the log, where changes are read from one. */
  log?: string;
  /** Changes that an operator has decided to pass over. */
  skip?: readonly { major: string; minor: number }[];
}

interface Row {
  term: string;
  pos_major: string;
  pos_minor: string;
  beat_n: string | null;
  beat_epoch: string | null;
  beat_owner: Owner | null;
  beat_at: Date | null;
  source: CheckpointSource;
}

const columns =
  'term::text, pos_major::text, pos_minor::text, beat_n::text, beat_epoch::text, beat_owner, beat_at, source';

function checkpointOf(group: string, direction: Direction, row: Row): Checkpoint {
  return {
    group,
    direction,
    term: BigInt(row.term),
    position: { major: BigInt(row.pos_major), minor: Number(row.pos_minor) },
    beat:
      row.beat_n === null || row.beat_epoch === null || row.beat_owner === null || row.beat_at === null
        ? undefined
        : { n: BigInt(row.beat_n), epoch: BigInt(row.beat_epoch), owner: row.beat_owner, at: row.beat_at },
    source: row.source,
  };
}

export async function readCheckpoint(
  db: Queryable,
  group: string,
  direction: Direction,
): Promise<Checkpoint | undefined> {
  const { rows } = await db.query<Row>(
    `select ${columns} from matapalo.checkpoint where group_name = $1 and direction = $2`,
    [group, direction],
  );
  return rows[0] ? checkpointOf(group, direction, rows[0]) : undefined;
}

/** The first checkpoint of a new slot: nothing has been applied. Keeps one that is there. */
export async function beginCheckpoint(
  db: Queryable,
  group: string,
  direction: Direction,
  { major, minor }: Position,
  source: CheckpointSource = {},
): Promise<void> {
  await db.query(
    `insert into matapalo.checkpoint (group_name, direction, pos_major, pos_minor, source) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [group, direction, major.toString(), minor, JSON.stringify(source)],
  );
}

/** Takes the direction over: whoever applied before fails its next compare-and-set. */
export async function takeOver(
  db: Queryable,
  group: string,
  direction: Direction,
): Promise<Checkpoint | undefined> {
  const { rows } = await db.query<Row>(
    `update matapalo.checkpoint set term = term + 1 where group_name = $1 and direction = $2 returning ${columns}`,
    [group, direction],
  );
  return rows[0] ? checkpointOf(group, direction, rows[0]) : undefined;
}

export interface Advance {
  to: Position;
  /** Undefined leaves the newest beat as it is. */
  beat: BeatSeen | undefined;
  /** Source's commit time of the newest transaction. */
  sourceAtMs: number;
}

/**
 * Moves the checkpoint by compare-and-set; call it first in the transaction that applies, so that a second applier waits
 * on the row and then fails. Throws `fenced` when another applier was here.
 */
export async function advance(
  db: Queryable,
  from: Checkpoint,
  { to, beat, sourceAtMs }: Advance,
): Promise<void> {
  const { rowCount } = await db.query({
    name: 'matapalo_advance',
    text: `update matapalo.checkpoint
              set pos_major = $6, pos_minor = $7, beat_n = coalesce($8, beat_n), beat_epoch = coalesce($9, beat_epoch),
                  beat_owner = coalesce($10, beat_owner), beat_at = coalesce($11, beat_at), source_at = $12,
                  applied_at = clock_timestamp(), source = source || $13::jsonb
             -- Stamps our commit with the source's time; without it the session's first time would stay for ever.
             from (select pg_replication_origin_xact_setup('0/0'::pg_lsn + $6::numeric, $12)) origin
            where group_name = $1 and direction = $2 and term = $3 and pos_major = $4 and pos_minor = $5`,
    values: [
      from.group,
      from.direction,
      from.term.toString(),
      from.position.major.toString(),
      from.position.minor,
      to.major.toString(),
      to.minor,
      beat?.n.toString() ?? null,
      beat?.epoch.toString() ?? null,
      beat?.owner ?? null,
      beat?.at ?? null,
      new Date(sourceAtMs),
      JSON.stringify({
        transport: from.source.transport,
        system: from.source.system,
        timeline: from.source.timeline,
        slot: from.source.slot,
        log: from.source.log,
      }),
    ],
  });
  if (rowCount !== 1) {
    throw new MatapaloError(
      'fenced',
      `Another applier has moved the checkpoint of ${from.group} ${from.direction}.`,
      { hint: 'This one stops; nothing was changed.' },
    );
  }
}

/** Notes that the change at `position` is to be passed over when the stream meets it again. */
export async function skipChange(
  db: Queryable,
  group: string,
  direction: Direction,
  position: Position,
): Promise<void> {
  await db.query(
    `update matapalo.checkpoint
        set source = jsonb_set(source, '{skip}', coalesce(source -> 'skip', '[]') || $3::jsonb)
      where group_name = $1 and direction = $2`,
    [group, direction, JSON.stringify([{ major: position.major.toString(), minor: position.minor }])],
  );
}
