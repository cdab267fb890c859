import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('every option can be given, and has a default', () => {
  expect(parseOptions([])).toEqual({
    seconds: 60,
    seed: 1,
    rate: 220,
    proxies: 2,
    scale: 1,
    jsonFile: undefined,
    sabotage: undefined,
    profile: 'embedded',
  });
  const args =
    '--seconds 30 --seed 7 --rate 300 --proxies 1 --scale 0.5 --json out.json --sabotage row --profile debezium';
  expect(parseOptions(args.split(' '))).toEqual({
    seconds: 30,
    seed: 7,
    rate: 300,
    proxies: 1,
    scale: 0.5,
    jsonFile: 'out.json',
    sabotage: 'row',
    profile: 'debezium',
  });
  expect(parseOptions(['--help'])).toBeUndefined();
});

test.each([
  ['--seconds', 'soon'],
  ['--rate', '0'],
  ['--seed', '1.5'],
  ['--scale', '0'],
  ['--sabotage', 'all'],
  ['--proxies', '99'],
  ['--profile', 'docker'],
])('%s %s is refused by name', (name, value) => {
  expect(() => parseOptions([name, value])).toThrow(name);
});

test('an option that does not exist is refused by name', () => {
  expect(() => parseOptions(['--speed', '9'])).toThrow('--speed');
});
