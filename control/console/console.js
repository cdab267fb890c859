// The console: shows what the API says, every second, and asks for transitions through it.
import { call, loggedIn, setToken } from './api.js';
import { element, ms } from './element.js';
import { groupCard } from './group-card.js';
import { remember } from './lag-history.js';
import { consider } from './outlook.js';

const at = (id) => document.getElementById(id);
let role;

function row(...cells) {
  return element(
    'tr',
    cells.map((cell) => element('td', cell ?? '')),
  );
}

const pause = ({ predictedPauseMs, measured }) =>
  measured?.pauseMs === undefined ? '' : `${ms(predictedPauseMs)} / ${ms(measured.pauseMs)}`;

async function show() {
  if (role === undefined) {
    const me = await call('GET', '/api/whoami');
    role = me.role;
    at('who').textContent = `${me.name}, ${me.role}`;
    at('login').hidden = true;
    at('session').hidden = false;
  }
  const [status, history] = await Promise.all([
    call('GET', '/api/status'),
    call('GET', '/api/history?limit=20'),
  ]);
  at('leader').textContent = status.leader
    ? `Route version ${status.version}; ${status.leader.holder} leads (term ${status.leader.term})`
    : 'No operator leads';
  for (const group of status.groups)
    for (const sync of group.sync) remember(group.name, sync.direction, sync.lagMs);
  // A button under the pointer or with the focus must not vanish: the card is drawn anew only when it says something else.
  for (const group of status.groups) {
    const card = groupCard(group, role === 'operator', consider);
    const old = at('groups').querySelector(`[data-group="${CSS.escape(group.name)}"]`);
    if (old === null) at('groups').append(card);
    else if (old.contains(document.activeElement))
      old.querySelector('dl').replaceWith(card.querySelector('dl'));
    else old.replaceWith(card);
  }
  at('proxies').replaceChildren(
    ...status.proxies.map((proxy) =>
      row(proxy.id, proxy.version, String(proxy.held), proxy.live ? 'yes' : 'no'),
    ),
  );
  at('history').replaceChildren(
    ...history.transitions.map((one) =>
      row(new Date(one.startedAt).toLocaleString(), one.group, one.kind, one.state, pause(one), one.reason),
    ),
  );
}

function logOut() {
  setToken('');
  role = undefined;
  at('session').hidden = true;
  at('login').hidden = false;
  at('leader').textContent = '';
  for (const id of ['groups', 'proxies', 'history']) at(id).replaceChildren();
}

let drawing = Promise.resolve();

/** One drawing at a time, so that an older answer never replaces a newer one. */
function refresh() {
  drawing = drawing.then(async () => {
    if (!loggedIn() || document.hidden) return;
    try {
      await show();
      at('problem').hidden = true;
    } catch (error) {
      if (error.status === 401) logOut();
      at('problem').textContent = error.message;
      at('problem').hidden = false;
    }
  });
  return drawing;
}

at('login').addEventListener('submit', (event) => {
  event.preventDefault();
  setToken(at('token').value.trim());
  at('token').value = '';
  void refresh();
});
at('logout').addEventListener('click', () => {
  logOut();
  at('problem').hidden = true;
});

async function forever() {
  await refresh();
  setTimeout(forever, 1000);
}
void forever();
