import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jaas, propertiesText, type Secured } from './broker.ts';

export interface ConnectWorkerFiles {
  config: string;
  /** System properties of its Java. */
  javaOptions: string[];
}

/** Settings of one distributed worker of Kafka Connect, and of who may use its REST interface. */
export function prepareConnect(
  folder: string,
  { broker, port, plugins }: { broker: string; port: number; plugins: string },
  secured: Secured | undefined,
): ConnectWorkerFiles {
  const config = join(folder, 'connect.properties');
  const clients = secured ? clientSettings(secured) : {};
  const settings: Record<string, string | number> = {
    'bootstrap.servers': broker,
    'group.id': 'matapalo-connect',
    'plugin.path': plugins,
    // Looking through every class for plugins takes seconds; both plugins here have manifests.
    'plugin.discovery': 'service_load',
    listeners: `${secured ? 'https' : 'http'}://127.0.0.1:${port}`,
    'rest.advertised.host.name': '127.0.0.1',
    'rest.advertised.port': port,
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter.schemas.enable': 'false',
    'config.storage.topic': 'connect-configs',
    'offset.storage.topic': 'connect-offsets',
    'status.storage.topic': 'connect-status',
    'config.storage.replication.factor': 1,
    'offset.storage.replication.factor': 1,
    'status.storage.replication.factor': 1,
    'offset.storage.partitions': 1,
    'status.storage.partitions': 1,
    // The slot keeps WAL until an offset has been stored: not for a minute.
    'offset.flush.interval.ms': 1_000,
    // A worker that was killed gives its tasks back as soon as it is missed, not after five minutes.
    'scheduled.rebalance.max.delay.ms': 0,
    'session.timeout.ms': 6_000,
    'heartbeat.interval.ms': 1_500,
    // Passwords of databases are read where the worker runs, and are never stored with a connector.
    'config.providers': 'env,file',
    'config.providers.env.class': 'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
    'config.providers.file.class': 'org.apache.kafka.common.config.provider.FileConfigProvider',
    'config.providers.file.param.allowed.paths': join(folder, 'secrets'),
    ...(secured ? restSettings(secured) : {}),
  };
  for (const prefix of ['', 'producer.', 'consumer.', 'admin.'])
    for (const [name, value] of Object.entries(clients)) settings[`${prefix}${name}`] = value;
  writeFileSync(config, propertiesText(settings), { mode: 0o600 });
  if (secured === undefined) return { config, javaOptions: [] };
  const users = join(folder, 'connect-users.properties');
  writeFileSync(users, propertiesText({ [secured.username]: secured.password }), { mode: 0o600 });
  const login = join(folder, 'connect-login.conf');
  const module = 'org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule';
  writeFileSync(login, `KafkaConnect {\n  ${module} required\n  file="${users}";\n};\n`);
  return { config, javaOptions: [`-Djava.security.auth.login.config=${login}`] };
}

function clientSettings({ mechanism, username, password, keys }: Secured): Record<string, string> {
  return {
    'security.protocol': 'SASL_SSL',
    'sasl.mechanism': mechanism.toUpperCase(),
    'sasl.jaas.config': jaas(mechanism, username, password),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': keys.caFile,
  };
}

function restSettings({ keys }: Secured): Record<string, string> {
  return {
    'rest.extension.classes':
      'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension',
    'listeners.https.ssl.keystore.type': 'PKCS12',
    'listeners.https.ssl.keystore.location': keys.keystore,
    'listeners.https.ssl.keystore.password': keys.password,
    'listeners.https.ssl.key.password': keys.password,
  };
}
