import { tableName } from '#kernel/db/sql.ts';
import { pairSequences } from '../transitions/pair-sequences.ts';
import { givingSide, met, unmet, type Gate } from './gate.ts';

/** Sequences must be found on both sides, readable where they stop and writable where they go on. */
export const sequencesGate: Gate = {
  name: 'sequences',
  kinds: ['switch', 'rollback'],
  check: async ({ op, group, kind }) => {
    const from = givingSide(kind);
    const to = from === 'legacy' ? 'service' : 'legacy';
    const [source, target] = [op.databases.of(group, from), op.databases.of(group, to)];
    const pairs = await pairSequences(
      group,
      op.databases.of(group, 'legacy'),
      op.databases.of(group, 'service'),
    );
    const faults: { evidence: string; help: string }[] = [];
    for (const pair of pairs) {
      for (const [db, name, right] of [
        [source, pair[from], 'SELECT'],
        [target, pair[to], 'UPDATE'],
      ] as const) {
        const { rows } = await db.query<{ found: boolean; may: boolean | null; me: string }>(
          `select to_regclass($1) is not null as found, current_user as me,
                  case when to_regclass($1) is not null then has_sequence_privilege($1, $2) end as may`,
          [tableName(name), right],
        );
        const row = rows[0];
        if (!row?.found) {
          faults.push({
            evidence: `there is no sequence ${name}`,
            help: 'Correct `sequences` in the config.',
          });
        } else if (row.may !== true) {
          faults.push({
            evidence: `${row.me} lacks ${right} on ${name}`,
            help: `GRANT ${right} ON SEQUENCE ${tableName(name)} TO ${row.me}`,
          });
        }
      }
    }
    const first = faults[0];
    if (first) return unmet(faults.map((fault) => fault.evidence).join('; '), first.help);
    return met(
      pairs.length === 0
        ? 'no sequences to carry over'
        : pairs.map((pair) => `${pair.legacy} and ${pair.service}`).join(', '),
    );
  },
};
