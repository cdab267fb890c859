// The console: shows what the API says, every second. The token lives in this tab's memory and session, in no cookie.
const at = (id) => document.getElementById(id);
let token = sessionStorage.getItem('token') ?? '';

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (className) node.className = className;
  return node;
}

async function get(path) {
  const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
  const body = await answer.json();
  if (!answer.ok) throw new Error([body.detail, body.hint].filter(Boolean).join(' '));
  return body;
}

const ms = (value) => (value === undefined ? 'unknown' : `${Math.round(value)} ms`);

function facts(group) {
  const list = [
    ['owner', `${group.owner}, epoch ${group.epoch}`],
    ['canary', group.phase === 'canary' ? `${group.canaryPercent} %` : undefined],
    ['running', group.running ? `${group.running.kind} since ${group.running.startedAt}` : undefined],
    ['stopped', group.stopped ? `${group.stopped.message} ${group.stopped.hint}` : undefined, 'bad'],
  ];
  for (const sync of group.sync) {
    const broken = sync.error ? `: ${sync.error.message}` : '';
    const copied = (sync.backfill ?? []).map((table) => `${table.table} ${table.rows}/${table.estimate}`);
    list.push([
      sync.direction,
      `${sync.state}, lag ${ms(sync.lagMs)}, ${sync.rowsApplied} rows${broken}`,
      sync.error ? 'bad' : '',
    ]);
    if (sync.state === 'backfilling') list.push(['copied', copied.join(', ')]);
  }
  for (const seen of group.verification) {
    const differences = Number(seen.missing) + Number(seen.extra) + Number(seen.different);
    list.push([
      `verified ${seen.direction}`,
      `${seen.state}, ${seen.rows} rows, ${differences} differences`,
      differences > 0 ? 'bad' : '',
    ]);
  }
  const compared = Object.entries(group.comparisons).map(([name, count]) => `${name} ${count}`);
  if (compared.length > 0) list.push(['compared', compared.join(', ')]);
  list.push(['next', group.next.join('\n')]);
  return list.filter(([, value]) => value !== undefined);
}

function showGroup(group) {
  const card = element('article');
  const title = element('h2', group.name);
  title.append(element('span', group.phase, 'phase'));
  const list = element('dl');
  for (const [name, value, className] of facts(group)) {
    list.append(element('dt', name), element('dd', value, className));
  }
  card.append(title, list);
  return card;
}

function row(...cells) {
  const line = element('tr');
  for (const cell of cells) line.append(element('td', cell ?? ''));
  return line;
}

async function show() {
  const [status, history] = await Promise.all([get('/api/status'), get('/api/history?limit=20')]);
  at('leader').textContent = status.leader
    ? `Route version ${status.version}; ${status.leader.holder} leads (term ${status.leader.term})`
    : 'No operator leads';
  at('groups').replaceChildren(...status.groups.map(showGroup));
  at('proxies').replaceChildren(
    ...status.proxies.map((proxy) =>
      row(proxy.id, proxy.version, String(proxy.held), proxy.live ? 'yes' : 'no'),
    ),
  );
  at('history').replaceChildren(
    ...history.transitions.map((one) =>
      row(
        one.startedAt,
        one.group,
        one.kind,
        one.state,
        one.measured?.pauseMs === undefined
          ? ''
          : `${ms(one.predictedPauseMs)} / ${ms(one.measured.pauseMs)}`,
        one.reason,
      ),
    ),
  );
}

async function refresh() {
  if (token !== '' && !document.hidden) {
    try {
      await show();
      at('problem').hidden = true;
    } catch (error) {
      at('problem').textContent = error.message;
      at('problem').hidden = false;
    }
  }
  setTimeout(refresh, 1000);
}

at('login').addEventListener('submit', (event) => {
  event.preventDefault();
  token = at('token').value.trim();
  sessionStorage.setItem('token', token);
  at('token').value = '';
});
refresh();
