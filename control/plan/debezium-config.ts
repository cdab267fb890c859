/** What the transport `debezium` needs beside the databases: Kafka, and a Kafka Connect cluster with Debezium's plugin. */
export interface DebeziumConfig {
  kafka: KafkaConfig;
  connect: ConnectConfig;
}

export interface KafkaConfig {
  /** `host:port`, as this tool reaches them. */
  brokers: readonly string[];
  sasl?: { mechanism: SaslMechanism; username: string; password: string };
  /** True trusts the system's authorities; `caFile` (PEM) names others. Absent: no TLS. */
  tls?: boolean | { caFile: string };
  /** Of the topics that are made for groups. Default: the brokers' own. */
  replicationFactor?: number;
  /** Of the topics that are made for groups. Default: the brokers' own. */
  minInsyncReplicas?: number;
}

export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
export type SaslMechanism = (typeof saslMechanisms)[number];

export interface ConnectConfig {
  /** Of the REST interface. */
  url: string;
  username?: string;
  password?: string;
  /** PEM of the authority that signed its certificate, where the system does not know it. */
  caFile?: string;
  /** Merged over the settings of every connector, such as `producer.override.compression.type`. */
  settings?: Readonly<Record<string, string>>;
}

/**
 * `transport` and `debezium` by the usual variables: MATAPALO_TRANSPORT, KAFKA_BROKERS (comma-separated), KAFKA_SASL_MECHANISM,
 * KAFKA_USERNAME, KAFKA_PASSWORD, KAFKA_TLS (true), KAFKA_CA_FILE, KAFKA_REPLICATION_FACTOR, KAFKA_MIN_INSYNC_REPLICAS, CONNECT_URL,
 * CONNECT_USERNAME, CONNECT_PASSWORD, CONNECT_CA_FILE. Spread it into `defineStrangler({...})`.
 */
export function transportFromEnv(env: Readonly<Record<string, string | undefined>>): {
  transport?: 'direct' | 'debezium';
  debezium?: DebeziumConfig;
} {
  const value = (name: string) => (env[name] === '' ? undefined : env[name]);
  const transport = value('MATAPALO_TRANSPORT');
  // Anything but the two is for the config check to refuse, with its line.
  if (transport !== 'debezium') return transport === undefined ? {} : { transport: transport as 'direct' };
  const optional = <K extends string, V>(key: K, field: V | undefined) =>
    (field === undefined ? {} : { [key]: field }) as Partial<Record<K, V>>;
  const number = (name: string) => {
    const text = value(name);
    return text === undefined ? undefined : Number(text);
  };
  const mechanism = value('KAFKA_SASL_MECHANISM') as SaslMechanism | undefined;
  const caFile = value('KAFKA_CA_FILE');
  return {
    transport,
    debezium: {
      kafka: {
        brokers: (value('KAFKA_BROKERS') ?? '127.0.0.1:9092').split(',').map((broker) => broker.trim()),
        ...optional(
          'sasl',
          mechanism && {
            mechanism,
            username: value('KAFKA_USERNAME') ?? '',
            password: value('KAFKA_PASSWORD') ?? '',
          },
        ),
        ...optional('tls', caFile ? { caFile } : value('KAFKA_TLS') === 'true' ? true : undefined),
        ...optional('replicationFactor', number('KAFKA_REPLICATION_FACTOR')),
        ...optional('minInsyncReplicas', number('KAFKA_MIN_INSYNC_REPLICAS')),
      },
      connect: {
        url: value('CONNECT_URL') ?? 'http://127.0.0.1:8083',
        ...optional('username', value('CONNECT_USERNAME')),
        ...optional('password', value('CONNECT_PASSWORD')),
        ...optional('caFile', value('CONNECT_CA_FILE')),
      },
    },
  };
}

/** The same, the other way: variables for a process whose config file reads them. */
export function transportToEnv({ kafka, connect }: DebeziumConfig): Record<string, string> {
  const variables: Record<string, string | undefined> = {
    MATAPALO_TRANSPORT: 'debezium',
    KAFKA_BROKERS: kafka.brokers.join(','),
    KAFKA_SASL_MECHANISM: kafka.sasl?.mechanism,
    KAFKA_USERNAME: kafka.sasl?.username,
    KAFKA_PASSWORD: kafka.sasl?.password,
    KAFKA_TLS: kafka.tls ? 'true' : undefined,
    KAFKA_CA_FILE: typeof kafka.tls === 'object' ? kafka.tls.caFile : undefined,
    KAFKA_REPLICATION_FACTOR: kafka.replicationFactor?.toString(),
    KAFKA_MIN_INSYNC_REPLICAS: kafka.minInsyncReplicas?.toString(),
    CONNECT_URL: connect.url,
    CONNECT_USERNAME: connect.username,
    CONNECT_PASSWORD: connect.password,
    CONNECT_CA_FILE: connect.caFile,
  };
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => !!entry[1]),
  );
}
