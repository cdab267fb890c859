import type { BoardSpec } from './board.ts';
import { group } from './promql.ts';

const byDirection = 'group, direction';
const rate = (metric: string) => `sum by (${byDirection}) (rate(${metric}{${group}}[$__rate_interval]))`;
const newest = (metric: string, by = byDirection) => `max by (${by}) (${metric}{${group}})`;
const both = '{{group}} {{direction}}';

const states = ['preparing', 'backfilling', 'catching-up', 'streaming', 'stopped'];
const stateColours = ['semi-dark-grey', 'blue', 'yellow', 'green', 'red'];
const stateNumber = states
  .map((state, index) => `(matapalo_sync_state{${group},state="${state}"} == 1) * ${index + 1}`)
  .join(' or ');
const connectorStates: readonly (readonly [state: string, colour: string])[] = [
  ['running', 'green'],
  ['starting', 'blue'],
  ['paused', 'yellow'],
  ['stopped', 'yellow'],
  ['missing', 'orange'],
  ['unreachable', 'orange'],
  ['refused', 'red'],
  ['failed', 'red'],
];
const connectorNumber = connectorStates
  .map(([state], index) => `(matapalo_connector_state{${group},state="${state}"} == 1) * ${index + 1}`)
  .join(' or ');

/** For DBAs: is everything that was written on the other side, what does it cost the source, and has it been checked? */
export const databases: BoardSpec = {
  uid: 'matapalo-databases',
  title: 'Matapalo: databases',
  about:
    'Lag by stage, slots and retained WAL, apply rates, backfill, verification, connectors, connections.',
  rows: [
    {
      title: 'Lag',
      panels: [
        {
          title: 'Age of the newest applied beat',
          about:
            'All that was written before it is on the other side. An idle source beats too, so that it shows as fresh.',
          unit: 's',
          alarmAt: 30,
          queries: [{ expr: `matapalo:sync_beat_age:seconds{${group}}`, legend: both }],
        },
        {
          title: 'By stage',
          about:
            "Of the newest change: from the source's commit to the reader, on its way, from there to the target's commit.",
          unit: 's',
          queries: [
            {
              expr: newest('matapalo_sync_stage_lag_seconds', `${byDirection}, stage`),
              legend: `${both} {{stage}}`,
            },
            { expr: newest('matapalo_sync_lag_seconds'), legend: `${both} as the worker sees it` },
          ],
        },
        {
          title: 'State',
          about: 'What each direction does.',
          kind: 'states',
          queries: [{ expr: `max by (${byDirection}) (${stateNumber})`, legend: both }],
          values: Object.fromEntries(
            states.map((state, index) => [index + 1, [state, stateColours[index] ?? 'text'] as const]),
          ),
        },
        {
          title: 'Workers',
          about: 'Which cdc worker works a group.',
          kind: 'states',
          queries: [{ expr: `matapalo_cdc_leading{${group}}`, legend: '{{group}} at {{instance}}' }],
          values: { 0: ['stands by', 'text'], 1: ['works', 'green'] },
        },
      ],
    },
    {
      title: 'Slots',
      panels: [
        {
          title: 'Retained WAL',
          about: 'What each slot keeps on the disk of its source.',
          unit: 'bytes',
          queries: [{ expr: newest('matapalo_slot_retained_wal_bytes'), legend: both }],
        },
        {
          title: 'Room until the slot is lost',
          about: 'By max_slot_wal_keep_size; nothing where the source sets none.',
          unit: 'bytes',
          queries: [{ expr: newest('matapalo_slot_safe_wal_bytes'), legend: both }],
        },
        {
          title: 'Time to full',
          about:
            'How long the reader of a slot may stay away from now on, at the rate at which its source writes.',
          unit: 's',
          queries: [{ expr: `matapalo:slot_time_to_full:seconds{${group}}`, legend: both }],
        },
        {
          title: 'WAL written by the source',
          about: 'Everything that its whole cluster writes.',
          unit: 'Bps',
          queries: [
            {
              expr: `max by (${byDirection}) (rate(matapalo_slot_source_wal_position_bytes{${group}}[$__rate_interval]))`,
              legend: both,
            },
          ],
        },
        {
          title: 'Read',
          about: 'Whether somebody is connected to the slot.',
          kind: 'states',
          queries: [{ expr: newest('matapalo_slot_active'), legend: both }],
          values: { 0: ['unread', 'red'], 1: ['read', 'green'] },
        },
      ],
    },
    {
      title: 'Apply',
      panels: [
        {
          title: 'Changes applied',
          about: 'Rows of the source that the target has committed.',
          unit: 'ops',
          queries: [{ expr: rate('matapalo_sync_changes_applied_total'), legend: both }],
        },
        {
          title: 'Batches and their size',
          about: 'Transactions on the target, and changes in each: batches grow under load.',
          queries: [
            { expr: rate('matapalo_sync_batches_total'), legend: `${both} batches/s` },
            {
              expr: `${rate('matapalo_sync_changes_applied_total')} / (${rate('matapalo_sync_batches_total')} > 0)`,
              legend: `${both} changes`,
            },
          ],
        },
        {
          title: 'Failures and ignored changes',
          about:
            'Runs that ended by a failure; changes that were not applied because their side did not own the group: must stay 0.',
          queries: [
            {
              expr: `(sum by (${byDirection}, code) (increase(matapalo_sync_errors_total{${group}}[$__rate_interval]))) or ${rate('matapalo_sync_changes_applied_total')} * 0`,
              legend: `${both} failures {{code}}`,
            },
            {
              expr: `sum by (${byDirection}) (increase(matapalo_sync_ignored_total{${group}}[$__rate_interval]))`,
              legend: `${both} ignored`,
            },
          ],
        },
        {
          title: 'Writes refused by the guard',
          about: 'On the side that does not own the group, since the first sync.',
          kind: 'stat',
          queries: [{ expr: `matapalo:guard_refused_writes:max{${group}}`, legend: '{{group}} on {{side}}' }],
        },
      ],
    },
    {
      title: 'Backfill and verification',
      panels: [
        {
          title: 'First copy',
          about: 'Rows copied, of those that the statistics expected.',
          unit: 'percentunit',
          kind: 'stat',
          queries: [
            {
              expr: `${newest('matapalo_backfill_rows', 'group, table')} / (${newest('matapalo_backfill_estimated_rows', 'group, table')} > 0)`,
              legend: '{{group}} {{table}}',
            },
          ],
        },
        {
          title: 'Rows copied',
          about: 'By table.',
          queries: [
            { expr: newest('matapalo_backfill_rows', 'group, table'), legend: '{{group}} {{table}}' },
          ],
        },
        {
          title: 'Newest verification',
          about: 'Rows compared, and what differs.',
          kind: 'stat',
          queries: [
            {
              expr: newest('matapalo_verification_rows', `${byDirection}, result`),
              legend: `${both} {{result}}`,
            },
          ],
        },
        {
          title: 'Age of the newest verification, and how long it opens the way',
          about: 'A switch needs a valid forward one, a rollback a valid reverse one.',
          kind: 'stat',
          unit: 's',
          queries: [
            {
              expr: `time() - ${newest('matapalo_verification_end_timestamp_seconds')}`,
              legend: `${both} age`,
            },
            {
              expr: `clamp_min(${newest('matapalo_verification_valid_until_timestamp_seconds')} - time(), 0)`,
              legend: `${both} valid for`,
            },
          ],
        },
      ],
    },
    {
      title: 'Connectors (transport debezium)',
      panels: [
        {
          title: 'Connector state',
          about:
            'A failed one is started again by the worker; one that stays failed, or is refused, needs a person.',
          kind: 'states',
          queries: [{ expr: `max by (${byDirection}) (${connectorNumber})`, legend: both }],
          values: Object.fromEntries(connectorStates.map((state, index) => [index + 1, state])),
        },
      ],
    },
    {
      title: 'Connections',
      panels: [
        {
          title: 'Pools',
          about: 'Open connections of each process and pool, by use.',
          queries: [
            {
              expr: 'sum by (job, service, pool, state) (db_pool_connections)',
              legend: '{{job}} {{service}} {{pool}} {{state}}',
            },
          ],
        },
        {
          title: 'Full pools',
          about: 'Work that waits for a connection, and how much of each pool is in use.',
          queries: [
            {
              expr: 'sum by (job, service, pool) (db_pool_waiting_requests)',
              legend: '{{job}} {{service}} {{pool}} waiting',
            },
            {
              expr: 'sum by (job, service, pool) (db_pool_connections{state="busy"}) / sum by (job, service, pool) (db_pool_max_connections)',
              legend: '{{job}} {{service}} {{pool}} used',
            },
          ],
        },
        {
          title: 'Databases that the operator reads',
          about: 'Figures of one that does not answer are missing, not zero.',
          kind: 'states',
          queries: [{ expr: 'min by (database) (matapalo_operator_database_up)', legend: '{{database}}' }],
          values: { 0: ['unreadable', 'red'], 1: ['read', 'green'] },
        },
      ],
    },
  ],
};
