import { met, unmet, warned, type Gate, type GateInput } from './gate.ts';

interface Seen {
  role: string;
  application_name: string;
  last_seen: Date;
}

async function writersSince(input: GateInput, since: Date | undefined): Promise<Seen[]> {
  const { rows } = await input.op.databases.of(input.group, 'legacy').query<Seen>(
    `select role, application_name, last_seen from matapalo.census
      where group_name = $1 and ($2::timestamptz is null or last_seen > $2) order by last_seen desc limit 20`,
    [input.group.name, since ?? null],
  );
  return rows;
}

const name = (seen: Seen) => `${seen.application_name || 'unnamed'} as ${seen.role}`;

/** Who wrote to legacy since sync: each of them must come through the proxy, or meet MP001 after the switch. */
export const censusGate: Gate = {
  name: 'census',
  kinds: ['switch'],
  check: async (input) => {
    const seen = await writersSince(input, undefined);
    return seen.length <= 1
      ? met(seen[0] ? `the only writer seen is ${name(seen[0])}` : 'no writer was sampled')
      : warned(
          `writers seen since sync: ${seen.map(name).join('; ')}`,
          'Make sure that each of them is the monolith, or stop it: after the switch its writes are refused (MP001).',
        );
  },
};

/** After a switch nobody may still work on the legacy tables: those who read them directly would read stale rows for ever. */
export const readersGate: Gate = {
  name: 'legacy-readers',
  kinds: ['retire'],
  check: async (input) => {
    const { op, group } = input;
    const inMonolith: string[] = [];
    for (const reader of group.readBy) {
      const { rows } = await op.control.query<{ phase: string }>(
        'select phase from route_group where name = $1',
        [reader],
      );
      const phase = rows[0]?.phase;
      if (phase !== 'migrated' && phase !== 'retired') inMonolith.push(`${reader} (${phase ?? 'unknown'})`);
    }
    if (inMonolith.length > 0) {
      return unmet(
        `these groups read the legacy tables and still live in the monolith: ${inMonolith.join(', ')}`,
        `Move them first, or make them read through their port and take them out of groups.${group.name}.readBy.`,
      );
    }
    const { rows } = await op.control.query<{ at: Date | null }>(
      `select max(ended_at) as at from transition where group_name = $1 and kind = 'switch' and state = 'done'`,
      [group.name],
    );
    const writers = await writersSince(input, rows[0]?.at ?? undefined);
    return writers.length === 0
      ? met('no group of the monolith is declared to read the tables, no writer was seen since the switch')
      : unmet(
          `writers seen since the switch: ${writers.map(name).join('; ')}`,
          'Stop them, or move them to the service.',
        );
  },
};
