import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SaslMechanism } from '#plan/debezium-config.ts';
import type { ServerKeys } from './keys.ts';

/** Who may come in, where anybody may not. */
export interface Secured {
  mechanism: SaslMechanism;
  username: string;
  password: string;
  keys: ServerKeys;
}

export interface BrokerFiles {
  config: string;
  data: string;
}

/** Settings of a single node that is broker and controller (KRaft), and its storage, formatted where it is new. */
export function prepareBroker(
  folder: string,
  classPath: string,
  ports: { client: number; controller: number },
  secured: Secured | undefined,
): BrokerFiles {
  const files = { config: join(folder, 'broker.properties'), data: join(folder, 'broker') };
  const settings: Record<string, string | number> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'CLIENT',
    listeners: `CLIENT://127.0.0.1:${ports.client},CONTROLLER://127.0.0.1:${ports.controller}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${ports.client}`,
    'listener.security.protocol.map': `CLIENT:${secured ? 'SASL_SSL' : 'PLAINTEXT'},CONTROLLER:PLAINTEXT`,
    'log.dirs': files.data,
    'num.partitions': 1,
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    // Connect's workers are missed sooner than the broker would allow by itself.
    'group.min.session.timeout.ms': 1_000,
    // A broker that was killed may come back as soon as it has been missed: by default after nine seconds.
    'broker.session.timeout.ms': 2_000,
    'broker.heartbeat.interval.ms': 500,
    'log.cleaner.dedupe.buffer.size': 16_777_216,
    'num.network.threads': 2,
    'num.io.threads': 2,
    ...(secured ? securedSettings(secured) : {}),
  };
  writeFileSync(files.config, propertiesText(settings), { mode: 0o600 });
  if (!existsSync(join(files.data, 'meta.properties'))) format(files, classPath, secured);
  return files;
}

function securedSettings({ mechanism, username, password, keys }: Secured): Record<string, string> {
  const name = mechanism.toUpperCase();
  const prefix = `listener.name.client.${mechanism}.sasl`;
  const users = mechanism === 'plain' ? ` user_${username}="${password}"` : '';
  return {
    'sasl.enabled.mechanisms': name,
    'sasl.mechanism.inter.broker.protocol': name,
    [`${prefix}.jaas.config`]: jaas(mechanism, username, password, users),
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': keys.keystore,
    'ssl.keystore.password': keys.password,
    'ssl.key.password': keys.password,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': keys.caFile,
  };
}

/** A login of Java's clients and servers. */
export function jaas(mechanism: SaslMechanism, username: string, password: string, users = ''): string {
  const module = mechanism === 'plain' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule';
  return `org.apache.kafka.common.security.${module} required username="${username}" password="${password}"${users};`;
}

function format(files: BrokerFiles, classPath: string, secured: Secured | undefined): void {
  // What a format that was cut off left would be refused.
  rmSync(files.data, { recursive: true, force: true });
  const scram =
    secured && secured.mechanism !== 'plain'
      ? [
          '--add-scram',
          `${secured.mechanism.toUpperCase()}=[name=${secured.username},password=${secured.password}]`,
        ]
      : [];
  const clusterId = 'matapalo-stack-0000000';
  const { status, stdout, stderr, error } = spawnSync(
    'java',
    ['-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', files.config, ...scram],
    { encoding: 'utf8' },
  );
  if (status !== 0) {
    rmSync(files.data, { recursive: true, force: true });
    throw new Error(
      `Kafka's storage could not be formatted: ${error?.message ?? `${stdout}${stderr}`.trim()}`,
    );
  }
}

/** Text of a .properties file: a backslash would escape what follows it. */
export function propertiesText(settings: Readonly<Record<string, string | number>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');
}
