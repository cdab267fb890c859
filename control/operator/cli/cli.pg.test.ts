import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { leadingOperator, placeGroup, tokenFile } from '../operator-fixture.ts';
import type { RunningOperator } from '../start-operator.ts';
import { runCli } from './program.ts';

let sides: TwoSides;
let pair: Pair;
let operator: RunningOperator;
const environment = { ...process.env };

beforeAll(async () => {
  sides = await startTwoSides();
});
afterAll(() => sides.stop());
beforeEach(async () => {
  pair = await sides.pair();
  operator = await leadingOperator(pair);
  process.env['MATAPALO_URL'] = operator.url;
  process.env['MATAPALO_TOKEN_FILE'] = tokenFile();
  delete process.env['MATAPALO_TOKEN'];
});
afterEach(async () => {
  process.env = { ...environment };
  await operator.stop();
  await pair.close();
});

async function run(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(args, { line: (text = '') => out.push(text), error: (text) => err.push(text) });
  const text = out.join('\n');
  return { code, out: text, err: err.join('\n'), json: () => JSON.parse(text) };
}

describe('exit codes', () => {
  it('0: what was asked is done, and the next command is printed', async () => {
    const done = await run('sync', pair.group.name);
    expect(done, done.err).toMatchObject({ code: 0 });
    expect(done.out).toContain('publishing');
    expect(done.out).toContain(`${pair.group.name} is syncing`);
    expect(done.out).toContain('Next:');
  });

  it.each([
    ['no command that exists', ['fly']],
    ['a group left out', ['switch']],
    ['a percentage out of range', ['canary', 'g', '101']],
    ['an option that does not exist', ['switch', 'g', '--force']],
    ['a group that does not exist', ['sync', 'nope']],
    ['a direction that does not exist', ['verify', 'g', '--direction', 'up']],
  ])('2: %s', async (_name, args) => {
    const failed = await run(...args);
    expect(failed.code).toBe(2);
    expect(failed.err.length).toBeGreaterThan(0);
  });

  it('3: a gate is not met, each with its evidence and what helps', async () => {
    await placeGroup(pair, 'canary');
    const failed = await run('switch', pair.group.name);
    expect(failed.code).toBe(3);
    expect(failed.err).toMatch(/FAIL lag: /);
    expect(failed.err).toContain(`matapalo verify ${pair.group.name}`);
    expect((await run('rollback', pair.group.name)).code).toBe(3);
  });

  it('5: nobody answers', async () => {
    process.env['MATAPALO_URL'] = 'http://127.0.0.1:1';
    const failed = await run('status');
    expect(failed.code).toBe(5);
    expect(failed.err).toContain('MATAPALO_URL');
  });

  it('a token that is not known is said to be so', async () => {
    process.env['MATAPALO_TOKEN'] = 'mtp_unknownunknownunknown';
    const failed = await run('status');
    expect(failed.code).toBe(2);
    expect(failed.err).toContain('not known');
  });
});

describe('every command', () => {
  it.each([['status'], ['plan'], ['lag'], ['history'], ['doctor'], ['preflight']])(
    '%s prints for people, and JSON with --json before or after it',
    async (command) => {
      const text = await run(command);
      expect(text.out.length).toBeGreaterThan(0);
      expect(typeof (await run(command, '--json')).json()).toBe('object');
      expect(typeof (await run('--json', command)).json()).toBe('object');
    },
  );

  it('--dry-run numbers the steps, shows the gates, and changes nothing', async () => {
    const dry = await run('sync', pair.group.name, '--dry-run');
    expect(dry.out).toMatch(/1\. Put the guard on/);
    expect(dry.out).toContain('preflight');
    expect((await run('sync', pair.group.name, '--dry-run', '--json')).json()).toMatchObject({
      kind: 'sync',
    });
    expect((await run('status', '--json')).json().groups[0].phase).toBe('legacy');
    await placeGroup(pair, 'canary');
    const refused = await run('switch', pair.group.name, '--dry-run');
    expect(refused.code).toBe(3);
    expect(refused.out).toContain('It would be refused.');
    for (const command of ['uninstall', 'decommission'])
      expect((await run(command, '--dry-run')).code).toBe(3);
  });

  it('errors are JSON too', async () => {
    const failed = await run('sync', 'nope', '--json');
    expect(failed.json().error).toMatchObject({ code: 'not-found' });
  });

  it('tokens are made and revoked', async () => {
    const made = await run('token', 'create', 'dba', '--json');
    expect(made.json()).toMatchObject({ name: 'dba', role: 'viewer' });
    expect((await run('token', 'revoke', 'dba')).code).toBe(0);
  });
});
