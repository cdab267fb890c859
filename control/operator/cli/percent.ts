import { InvalidArgumentError } from 'commander';

export function positivePercent(value: string): number {
  const percent = Number(value);
  if (!Number.isInteger(percent) || percent < 1 || percent > 100)
    throw new InvalidArgumentError('A whole percentage from 1 to 100 is needed.');
  return percent;
}
