import { parseArgs } from 'node:util';
import { profiles, type Profile } from '../profile.ts';

export const sabotages = ['lost', 'doubled', 'row', 'answer'] as const;
export type Sabotage = (typeof sabotages)[number];

export interface DemoOptions {
  /** Time under load, spread over the phases; transitions and verifications come on top. */
  seconds: number;
  seed: number;
  /** Requests a second, all shoppers together. */
  rate: number;
  proxies: number;
  /** Size of the sample data. */
  scale: number;
  jsonFile: string | undefined;
  sabotage: Sabotage | undefined;
  profile: Profile;
}

export const usage = `Usage: npm run demo -- [--seconds 60] [--rate 220] [--seed 1] [--json FILE]
                     [--sabotage lost|doubled|row|answer] [--proxies 2] [--scale 1]
                     [--profile embedded|debezium]

Moves the catalogue of the sample shop to its service, back, there again, and retires the old one, while shoppers use it.
Exit 0 when no request failed and no acknowledged write was lost or doubled; 1 otherwise; 2 for wrong arguments.
--sabotage breaks something behind the shop's back, to show that the demo notices.
--profile debezium carries changes by Kafka, Kafka Connect and Debezium, without Docker; it needs Java 17 and Maven.
`;

/** Throws an Error that names the argument. Undefined when only help was asked for. */
export function parseOptions(args: readonly string[]): DemoOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '220' },
      proxies: { type: 'string', default: '2' },
      scale: { type: 'string', default: '1' },
      json: { type: 'string' },
      profile: { type: 'string', default: 'embedded' },
      sabotage: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const number = (name: 'seconds' | 'seed' | 'rate' | 'proxies' | 'scale', min: number, max: number) => {
    const value = Number(values[name]);
    const whole = name === 'scale' || Number.isInteger(value);
    if (!(whole && value >= min && value <= max))
      throw new Error(
        `--${name} ${values[name]} is not a ${name === 'scale' ? '' : 'whole '}number from ${min} to ${max}.`,
      );
    return value;
  };
  const sabotage = sabotages.find((name) => name === values.sabotage);
  if (values.sabotage !== undefined && sabotage === undefined)
    throw new Error(`--sabotage ${values.sabotage} is none of ${sabotages.join(', ')}.`);
  const profile = profiles.find((name) => name === values.profile);
  if (profile === undefined)
    throw new Error(`--profile ${values.profile} is none of ${profiles.join(', ')}.`);
  return {
    seconds: number('seconds', 5, 3600),
    seed: number('seed', 0, 2 ** 31),
    rate: number('rate', 10, 2000),
    proxies: number('proxies', 1, 8),
    // The shoppers need some four hundred products of their own.
    scale: number('scale', 0.06, 10),
    jsonFile: values.json,
    sabotage,
    profile,
  };
}
