import { expect, it } from 'vitest';
import { lineOf } from './config-line.ts';

const source = `import { defineStrangler } from 'matapalo';

const port: number = 1;
export default defineStrangler({
  control: { url: 'x' as string },
  groups: {
    items: {
      tables: [
        {
          forward: {
            id: 'item_id',
            'price': 'cents / 100.0',
          },
        },
      ],
    },
  },
});
`;

it.each([
  [['control', 'url'], 5],
  [['groups', 'items', 'tables', '0', 'forward', 'price'], 12],
  // What is missing is shown where it would have to be added.
  [['groups', 'items', 'tables', '0', 'reverse'], 9],
  [[], 4],
])('finds %j on line %i', (path, line) => {
  expect(lineOf(source, path)).toBe(line);
});

it('knows nothing of a config that is computed', () => {
  expect(lineOf('export default make()', ['groups'])).toBeUndefined();
  expect(lineOf('not typescript {', ['groups'])).toBeUndefined();
});
