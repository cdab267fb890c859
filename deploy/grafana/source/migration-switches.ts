import type { RowSpec } from './board.ts';
import { group } from './promql.ts';

const yesNo = { 0: ['no', 'green'], 1: ['yes', 'orange'] } as const;

export const switches: RowSpec = {
  title: 'Switches',
  panels: [
    {
      title: 'Pause, predicted and measured',
      about: 'Of the newest switch and rollback of each group.',
      kind: 'stat',
      unit: 's',
      queries: ['predicted', 'measured'].map((which) => ({
        expr: `max by (group, kind) (matapalo_handover_${which}_pause_seconds{${group}})`,
        legend: `{{group}} {{kind}} ${which}`,
      })),
    },
    {
      title: 'Transitions',
      about: 'By outcome, since the installation. An undone one left the old owner writing.',
      kind: 'stat',
      queries: [
        {
          expr: `max by (group, kind, state) (matapalo_transitions_total{${group}}) > 0`,
          legend: '{{group}} {{kind}} {{state}}',
        },
      ],
    },
    {
      title: 'Held writes',
      about: 'Writes that wait for a switch now, and writes in flight, which it waits for.',
      queries: [
        { expr: 'sum(matapalo_proxy_held_requests)', legend: 'held' },
        {
          expr: `sum by (group) (matapalo_proxy_writes_in_flight{${group}})`,
          legend: '{{group}} in flight',
        },
      ],
    },
    {
      title: 'Time held',
      about: 'p50 and p99 of writes that waited, over the last hour.',
      unit: 's',
      queries: [0.5, 0.99].map((q) => ({
        expr: `histogram_quantile(${q}, sum by (le, group) (increase(matapalo_proxy_held_seconds_bucket{${group}}[1h])))`,
        legend: `{{group}} p${q * 100}`,
      })),
    },
    {
      title: 'Refused writes',
      about:
        'Given up while held; refused by the guard of a side that does not own the group. Both got 503, nothing was written.',
      queries: [
        {
          expr: `sum by (group, reason) (increase(matapalo_proxy_held_refused_total{${group}}[$__rate_interval]))`,
          legend: '{{group}} held, {{reason}}',
        },
        {
          expr: `increase(matapalo:guard_refused_writes:max{${group}}[$__rate_interval])`,
          legend: '{{group}} by the guard of {{side}}',
        },
        {
          expr: `sum by (group, side) (increase(matapalo_proxy_refused_writes_total{${group}}[$__rate_interval]))`,
          legend: '{{group}} through the proxy, by {{side}}',
        },
      ],
    },
    {
      title: 'Gates not met',
      about: 'Transitions that were refused, by gate; since the operators started.',
      kind: 'stat',
      queries: [{ expr: 'sum by (kind, gate) (matapalo_gate_failures_total)', legend: '{{kind}} {{gate}}' }],
    },
    {
      title: 'How long transitions take',
      about: 'Mean duration by kind and outcome, of those that the running operators carried out.',
      kind: 'stat',
      unit: 's',
      queries: [
        {
          expr: 'sum by (kind, state) (matapalo_transition_duration_seconds_sum) / sum by (kind, state) (matapalo_transition_duration_seconds_count)',
          legend: '{{kind}} {{state}}',
        },
      ],
    },
    {
      title: 'Pauses so far',
      about: 'p99 of the pauses that the running operators measured.',
      kind: 'stat',
      unit: 's',
      queries: [
        {
          expr: 'histogram_quantile(0.99, sum by (le, kind) (matapalo_handover_pause_seconds_bucket))',
          legend: '{{kind}}',
        },
      ],
    },
  ],
};

export const proxies: RowSpec = {
  title: 'Proxies and operators',
  panels: [
    {
      title: 'Epoch in use',
      about:
        'Proxies that route by another epoch than the published one are stale; the guard refuses their writes.',
      queries: [
        { expr: `max by (group) (matapalo_group_epoch{${group}})`, legend: '{{group}} published' },
        { expr: `matapalo_proxy_group_epoch{${group}}`, legend: '{{group}} at {{instance}}' },
      ],
    },
    {
      title: 'Lease',
      about: 'Time for which a proxy knows its routes to be current. 0: it has lost the control database.',
      unit: 's',
      width: 6,
      queries: [{ expr: 'matapalo_proxy_lease_remaining_seconds', legend: '{{instance}}' }],
    },
    {
      title: 'Routes and WebSockets',
      about: 'Version of the route table in use, open WebSockets.',
      kind: 'stat',
      width: 6,
      queries: [
        { expr: 'matapalo_proxy_route_version', legend: '{{instance}} version' },
        { expr: 'matapalo_proxy_websockets', legend: '{{instance}} WebSockets' },
      ],
    },
    {
      title: 'Servers behind',
      about: 'Whether the newest request to each got an answer.',
      kind: 'states',
      queries: [{ expr: 'matapalo_proxy_upstream_up', legend: '{{upstream}} from {{instance}}' }],
      values: { 0: ['no answer', 'red'], 1: ['answers', 'green'] },
    },
    {
      title: 'Connections and failures behind',
      about: 'Open connections, requests that wait for one, requests without an answer.',
      queries: [
        {
          expr: 'sum by (upstream, state) (matapalo_proxy_upstream_connections)',
          legend: '{{upstream}} {{state}}',
        },
        {
          expr: 'sum by (upstream) (matapalo_proxy_upstream_queued_requests)',
          legend: '{{upstream}} waiting',
        },
        {
          expr: 'sum by (upstream, reason) (increase(matapalo_proxy_upstream_failures_total[$__rate_interval]))',
          legend: '{{upstream}} {{reason}}',
        },
      ],
    },
    {
      title: 'Leader',
      about: 'One operator leads, the others stand by.',
      kind: 'states',
      queries: [{ expr: 'matapalo_operator_leading', legend: '{{instance}}' }],
      values: { 0: ['stands by', 'text'], 1: ['leads', 'green'] },
    },
    {
      title: 'Holding',
      about: 'While a switch or rollback keeps writes waiting.',
      kind: 'states',
      queries: [{ expr: `max by (group) (matapalo_group_holding{${group}})`, legend: '{{group}}' }],
      values: yesNo,
    },
  ],
};
