import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { exampleRows, startTwoSides, type Pair, type TwoSides } from '#test/two-sides.ts';
import { createToken } from '../operator/api/tokens.ts';
import { leadingOperator, phaseOf, placeGroup } from '../operator/operator-fixture.ts';
import type { RunningOperator } from '../operator/start-operator.ts';

const browserPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);
// Where a browser can be had by one command, leaving the suite out is a failure; elsewhere it is said and counted.
const needed = process.env['CI'] === 'true' && process.platform === 'linux';

let sides: TwoSides;
let browser: Browser;
let pair: Pair;
let operator: RunningOperator;
let page: Page;
const complaints: string[] = [];

describe.skipIf(browserPath === undefined && !needed)('the console in a browser (Chromium)', () => {
  beforeAll(async () => {
    sides = await startTwoSides();
    if (browserPath === undefined)
      throw new Error('No Chromium. Debian: apt-get install chromium (.ci/run does it).');
    browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
  });
  afterAll(async () => {
    await browser?.close();
    await sides.stop();
  });
  beforeEach(async () => {
    pair = await sides.pair();
    await pair.legacyApp.query(exampleRows(5));
    operator = await leadingOperator(pair);
    page = await browser.newPage();
    complaints.length = 0;
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy|Uncaught/.test(message.text())) complaints.push(message.text());
    });
  });
  afterEach(async () => {
    await page.close();
    await operator.stop();
    await pair.close();
    expect(complaints).toEqual([]);
  });

  const card = () => page.locator(`[data-group="${pair.group.name}"]`);
  const button = (kind: string) => card().locator(`button[data-kind="${kind}"]`);
  async function logIn(token: string): Promise<void> {
    await page.goto(operator.url);
    await page.getByLabel('Token').fill(token);
    await page.getByRole('button', { name: 'Log in' }).click();
  }

  it('a wrong token is refused, and shows nothing', async () => {
    await logIn('mp_wrong');
    await page.getByRole('alert').filter({ hasText: /token/i }).waitFor();
    expect(await card().count()).toBe(0);
  });

  it('an operator sees the group, considers a sync with its gates, and begins it', async () => {
    await logIn(operator.firstToken ?? '');
    await card()
      .getByRole('listitem')
      .filter({ hasText: 'legacy' })
      .and(page.locator('[aria-current="step"]'))
      .waitFor();
    await button('sync').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('heading', { name: 'Steps' }).waitFor();
    expect(await phaseOf(pair)).toBe('legacy');
    await dialog.getByRole('button', { name: 'sync', exact: true }).click();
    await dialog.getByText(`sync of ${pair.group.name}: done`).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await card().locator('[aria-current="step"]', { hasText: 'syncing' }).waitFor();
    expect(await phaseOf(pair)).toBe('syncing');
    await page.getByRole('row').filter({ hasText: 'sync' }).filter({ hasText: 'done' }).waitFor();
  });

  it('a switch whose gates are not met names them, and cannot be confirmed', async () => {
    await placeGroup(pair, 'canary');
    await logIn(operator.firstToken ?? '');
    await button('switch').click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByText(/: not met/)
      .first()
      .waitFor();
    expect(await dialog.getByRole('button', { name: 'switch', exact: true }).isDisabled()).toBe(true);
    expect(await phaseOf(pair)).toBe('canary');
  });

  it('a viewer sees everything and is offered no change', async () => {
    await logIn(await createToken(pair.controlPool, 'dba', 'viewer'));
    await card().waitFor();
    await page.getByText('dba, viewer').waitFor();
    expect(await card().getByRole('button').count()).toBe(0);
  });

  it('logging out forgets the token and what was shown', async () => {
    await logIn(operator.firstToken ?? '');
    await card().waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    expect(await card().count()).toBe(0);
    await page.reload();
    await page.getByLabel('Token').waitFor();
    expect(await page.evaluate(() => sessionStorage.getItem('token'))).toBeNull();
  });
});
