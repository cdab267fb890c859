import { bytes, count, element, ms } from './element.js';
import { sparkline } from './lag-history.js';

const phases = ['legacy', 'syncing', 'shadow', 'canary', 'migrated', 'retired'];

function track(phase) {
  const at = phases.indexOf(phase);
  return element(
    'ol',
    phases.map((name, index) =>
      element('li', name, {
        class: index < at ? 'passed' : undefined,
        'aria-current': index === at ? 'step' : undefined,
      }),
    ),
    { class: 'track', 'aria-label': `Phase: ${phase}` },
  );
}

function fact(list, name, value, bad = false) {
  if (value === undefined) return;
  list.append(element('dt', name), element('dd', value, { class: bad ? 'bad' : undefined }));
}

function copied({ table, rows, estimate }) {
  const share = element('progress', undefined, {
    max: String(Math.max(1, Number(estimate))),
    'aria-label': `${table} copied`,
  });
  share.value = Math.min(Number(rows), Number(estimate));
  return element('li', [`${table} ${count(rows)} of about ${count(estimate)} `, share]);
}

function syncFacts(list, group) {
  for (const sync of group.sync) {
    const text = `${sync.state}, lag ${ms(sync.lagMs)}, ${count(sync.rowsApplied)} rows applied`;
    const held =
      sync.retainedBytes === undefined || sync.retainedBytes === null
        ? ''
        : `, ${bytes(sync.retainedBytes)} of WAL kept`;
    fact(
      list,
      sync.direction,
      [
        sync.error ? `${text}: ${sync.error.message}` : `${text}${held} `,
        sparkline(group.name, sync.direction),
      ],
      Boolean(sync.error),
    );
    if (sync.state === 'backfilling')
      fact(list, 'copied', [element('ul', (sync.backfill ?? []).map(copied))]);
  }
}

function verified(seen) {
  const found = ['missing', 'extra', 'different'].map((name) => `${count(seen[name])} ${name}`).join(', ');
  const until = seen.expiresAt ? `, counts until ${new Date(seen.expiresAt).toLocaleTimeString()}` : '';
  return `${seen.state}: ${count(seen.rows)} rows, ${found}${until}`;
}

/** One group as a card. `choose(group, kind)` is called when a person asks for a transition or a job. */
export function groupCard(group, mayChange, choose) {
  const list = element('dl');
  fact(list, 'owner', `${group.owner}, epoch ${group.epoch}`);
  fact(list, 'canary', group.phase === 'canary' ? `${group.canaryPercent} % of the clients` : undefined);
  fact(
    list,
    'running',
    group.running && `${group.running.kind} since ${new Date(group.running.startedAt).toLocaleTimeString()}`,
  );
  fact(list, 'stopped', group.stopped && `${group.stopped.message} ${group.stopped.hint ?? ''}`, true);
  syncFacts(list, group);
  for (const seen of group.verification) {
    const differences = Number(seen.missing) + Number(seen.extra) + Number(seen.different);
    fact(list, `verified ${seen.direction}`, verified(seen), differences > 0);
  }
  const compared = Object.entries(group.comparisons).map(([name, n]) => `${count(n)} ${name}`);
  fact(
    list,
    'compared',
    compared.length > 0 ? compared.join(', ') : undefined,
    (group.comparisons.code ?? 0) > 0,
  );
  fact(list, 'next', [element('code', group.next[0] ?? 'nothing: the group has moved for good')]);
  const kinds = [
    ...(group.stopped ? ['resume'] : []),
    ...group.transitions,
    ...(group.sync.length > 0 ? ['verify'] : []),
  ];
  const buttons = kinds.map((kind) =>
    element('button', kind, {
      type: 'button',
      'data-kind': kind,
      disabled: Boolean(group.running),
      onclick: () => choose(group, kind),
    }),
  );
  return element(
    'article',
    [
      element('h2', group.name),
      track(group.phase),
      list,
      ...(mayChange && buttons.length > 0 ? [element('p', buttons, { class: 'actions' })] : []),
    ],
    { 'data-group': group.name },
  );
}
