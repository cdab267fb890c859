import type { BoardSpec, RowSpec } from './board.ts';
import { switches, proxies } from './migration-switches.ts';
import { shadow, traffic } from './migration-traffic.ts';
import { group } from './promql.ts';

const phases = ['legacy', 'syncing', 'shadow', 'canary', 'migrated', 'retired'];
const phaseNumber = phases
  .map((phase, index) => `(matapalo:group_phase:max{${group},phase="${phase}"} == 1) * ${index + 1}`)
  .join(' or ');
const colours = ['semi-dark-grey', 'blue', 'purple', 'yellow', 'green', 'dark-green'];
const groups: RowSpec = {
  title: 'Groups',
  panels: [
    {
      title: 'Phase',
      about: 'Where each group stands.',
      kind: 'states',
      queries: [{ expr: `max by (group) (${phaseNumber})`, legend: '{{group}}' }],
      values: Object.fromEntries(
        phases.map((phase, index) => [index + 1, [phase, colours[index] ?? 'text'] as const]),
      ),
    },
    {
      title: 'Stopped',
      about: 'A stopped group does not sync and cannot switch; the reason is in its name here.',
      kind: 'stat',
      width: 6,
      queries: [
        { expr: `max by (group, code) (matapalo_group_stopped{${group}})`, legend: '{{group}} {{code}}' },
      ],
      values: { 0: ['well', 'green'], 1: ['stopped', 'red'] },
    },
    {
      title: 'Canary',
      about: 'Share of clients that read from the service.',
      kind: 'stat',
      unit: 'percentunit',
      width: 6,
      queries: [{ expr: `max by (group) (matapalo_group_canary_ratio{${group}})`, legend: '{{group}}' }],
    },
  ],
};

/** For those who move groups: where they stand, who answers, how well, and what switches cost. */
export const migration: BoardSpec = {
  uid: 'matapalo-migration',
  title: 'Matapalo: migration',
  about: 'Phases, traffic by side, errors and latency by side, shadow mismatches, switches.',
  rows: [groups, traffic, shadow, switches, proxies],
};
