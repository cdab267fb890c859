import { call } from './api.js';
import { element, ms } from './element.js';

const at = (id) => document.getElementById(id);
const dialog = at('outlook');
let confirmed = () => undefined;

at('confirm').addEventListener('click', () => confirmed());

function say(error) {
  at('outlook-problem').textContent = error.message;
  at('outlook-problem').hidden = false;
}

function gateLine(gate) {
  const mark = gate.ok ? 'met' : gate.blocks ? 'not met' : 'warning';
  return element(
    'li',
    [
      element('strong', `${gate.name}: ${mark}`),
      ` ${gate.evidence}`,
      ...(gate.ok || gate.help === undefined ? [] : [element('br'), element('code', gate.help)]),
    ],
    { class: gate.ok ? 'met' : gate.blocks ? 'bad' : 'warning' },
  );
}

/** What a person is asked to confirm. `verify` and `resume` are no transitions: they have no steps and no gates. */
function explain(kind, outlook) {
  if (kind === 'verify')
    return [element('p', `Compares both sides ${outlook.direction}, through the mapping.`)];
  if (kind === 'resume') {
    return [
      element('p', `Goes on from where it stopped: ${outlook.cleared.message}`),
      element('p', 'Mend the cause first; otherwise it stops again, and nothing is lost.'),
    ];
  }
  const parts = [
    element('h3', 'Steps'),
    element(
      'ol',
      outlook.steps.map((step) => element('li', step)),
    ),
  ];
  if (outlook.gates.length > 0) {
    parts.push(element('h3', 'Gates'), element('ul', outlook.gates.map(gateLine), { class: 'gates' }));
  }
  if (outlook.predictedPauseMs !== undefined && outlook.predictedPauseMs !== null) {
    parts.push(element('p', `Predicted pause: ${ms(outlook.predictedPauseMs)}`));
  }
  return parts;
}

async function follow(group, id) {
  for (;;) {
    const seen = await call('GET', `/api/transitions/${id}?waitMs=1000`);
    at('outlook-body').replaceChildren(
      element('p', `${seen.kind} of ${group.name}: ${seen.state}${seen.reason ? `. ${seen.reason}` : ''}`),
      ...(seen.measured?.pauseMs === undefined
        ? []
        : [element('p', `Measured pause: ${ms(seen.measured.pauseMs)}`)]),
      element(
        'ol',
        seen.journal.map((step) => element('li', step.step)),
      ),
    );
    if (seen.state !== 'running') return;
  }
}

/** Shows what a transition would do, asked of the operator at this moment; only what its gates allow can be confirmed. */
export async function consider(group, kind) {
  const percent = at('percent') === null ? undefined : Number(at('percent').value);
  const path = `/api/groups/${encodeURIComponent(group.name)}/${kind}`;
  const body = kind === 'canary' ? { percent: percent ?? 10 } : undefined;
  at('outlook-title').textContent = `${kind} ${group.name}`;
  at('outlook-problem').hidden = true;
  at('outlook-body').replaceChildren(element('p', 'Asking the operator…'));
  at('confirm').textContent = kind;
  at('confirm').disabled = true;
  if (!dialog.open) dialog.showModal();
  try {
    const outlook = await call('POST', `${path}?dryRun=true`, body);
    const choice = element('label', [
      'Share of the clients, % ',
      element('input', undefined, { id: 'percent', type: 'number', min: '1', max: '100' }),
    ]);
    choice.querySelector('input').value = String(body?.percent ?? 10);
    choice.querySelector('input').addEventListener('change', () => void consider(group, kind));
    at('outlook-body').replaceChildren(...(kind === 'canary' ? [choice] : []), ...explain(kind, outlook));
    at('confirm').disabled = outlook.allowed === false;
    confirmed = () => void begin(group, kind, path, body);
  } catch (error) {
    say(error);
  }
}

async function begin(group, kind, path, body) {
  at('confirm').disabled = true;
  try {
    const begun = await call('POST', path, body);
    if (kind === 'verify' || kind === 'resume') dialog.close();
    else await follow(group, begun.id);
  } catch (error) {
    say(error);
  }
}
