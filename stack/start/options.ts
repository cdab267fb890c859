import { parseArgs } from 'node:util';
import { profiles, type Profile } from '../profile.ts';

export const usage = `Usage: npm start -- [--port 7000] [--operator-port 7070] [--data-dir .matapalo] [--fresh] [--scale 1]
                   [--profile embedded|debezium]

Starts the sample shop behind the proxy: PostgreSQL, monolith, services, operator, cdc, proxy.
Data is kept in --data-dir between starts; --fresh begins anew. Ctrl-C stops all in order.
--scale is the size of the sample data when it is made: 1 is 100,000 orders. Port 0 takes a free one.
--profile debezium carries changes by Kafka, Kafka Connect and Debezium, without Docker; it needs Java 17 and Maven.
`;

export interface StartOptions {
  fresh: boolean;
  dataDir: string;
  port: number;
  operatorPort: number;
  scale: number;
  profile: Profile;
}

/** An argument that cannot be understood; the message is one line that names it. */
export class UsageError extends Error {}

/** Undefined when only help was asked for. */
export function parseOptions(args: readonly string[]): StartOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  const port = (name: 'port' | 'operator-port') => {
    // Number('') is 0, and '1e3' is a number too: a port is digits.
    const value = /^\d{1,5}$/.test(values[name]) ? Number(values[name]) : NaN;
    if (!(value <= 65_535)) throw new UsageError(`--${name} ${values[name]} is no port: 0 to 65535 is.`);
    return value;
  };
  const scale = values.scale === '' ? NaN : Number(values.scale);
  if (!(scale >= 0.001 && scale <= 10))
    throw new UsageError(`--scale ${values.scale} is not a number from 0.001 to 10.`);
  if (values['data-dir'].trim() === '') throw new UsageError('--data-dir needs the name of a folder.');
  const profile = profiles.find((name) => name === values.profile);
  if (profile === undefined)
    throw new UsageError(`--profile ${values.profile} is none of ${profiles.join(', ')}.`);
  const chosen = {
    fresh: values.fresh,
    dataDir: values['data-dir'],
    port: port('port'),
    operatorPort: port('operator-port'),
    scale,
    profile,
  };
  if (chosen.port !== 0 && chosen.port === chosen.operatorPort)
    throw new UsageError(`--port and --operator-port are both ${chosen.port}: give them different ones.`);
  return chosen;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: 'string', default: '7000' },
        'operator-port': { type: 'string', default: '7070' },
        'data-dir': { type: 'string', default: '.matapalo' },
        scale: { type: 'string', default: '1' },
        profile: { type: 'string', default: 'embedded' },
        fresh: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (cause) {
    // Node explains at length how a positional argument would be given; the first sentence names what is wrong.
    const [first = ''] = (cause instanceof Error ? cause.message : String(cause)).split(/\.(?:\s|$)|\n/);
    throw new UsageError(`${first}. \`npm start -- --help\` lists what there is.`, { cause });
  }
}
