import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConfig } from './check-config.ts';
import type { StranglerConfig } from './config.ts';
import { saslMechanisms, transportFromEnv, transportToEnv, type DebeziumConfig } from './debezium-config.ts';

const debezium: DebeziumConfig = {
  kafka: { brokers: ['kafka:9092'] },
  connect: { url: 'http://connect:8083' },
};
const config: StranglerConfig = {
  control: { url: 'postgres://control/db' },
  secret: 'a secret of thirty-two characters or more',
  monolith: { url: 'http://monolith', database: 'postgres://legacy/db' },
  services: { shop: { url: 'http://shop', database: 'postgres://shop/db' } },
  groups: {},
  transport: 'debezium',
  debezium,
};

const problemsOf = (value: unknown) =>
  checkConfig(value).problems.map((p) => `${p.path.join('.')}: ${p.message}`);
const withKafka = (change: object) => ({
  ...config,
  debezium: { ...debezium, kafka: { ...debezium.kafka, ...change } },
});
const withConnect = (change: object) => ({
  ...config,
  debezium: { ...debezium, connect: { ...debezium.connect, ...change } },
});

describe('transport debezium in the configuration', () => {
  it('is accepted with addresses alone, and with all there is', () => {
    expect(problemsOf(config)).toEqual([]);
    expect(
      problemsOf({
        ...config,
        monolith: { ...config.monolith, connectPassword: '${env:DB_PASSWORD}' },
        debezium: {
          kafka: {
            brokers: ['a:1', '[::1]:9092'],
            sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
            tls: { caFile: 'ca.pem' },
            replicationFactor: 3,
            minInsyncReplicas: 2,
          },
          connect: {
            url: 'https://connect:8083',
            username: 'u',
            password: 'p',
            settings: { 'producer.override.compression.type': 'gzip' },
          },
        },
      }),
    ).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['no debezium', { ...config, debezium: undefined }, /^debezium: is missing/],
    ['a transport nobody knows', { ...config, transport: 'pigeon' }, /^transport: /],
    [
      'a broker without a port',
      withKafka({ brokers: ['kafka'] }),
      /^debezium\.kafka\.brokers\.0: .*host:port/,
    ],
    ['no broker', withKafka({ brokers: [] }), /^debezium\.kafka\.brokers/],
    [
      'an unknown mechanism',
      withKafka({ sasl: { mechanism: 'x', username: 'u', password: 'p' } }),
      /mechanism/,
    ],
    [
      'more in sync than there are',
      withKafka({ replicationFactor: 1, minInsyncReplicas: 2 }),
      /minInsyncReplicas/,
    ],
    ['a Connect that is no URL', withConnect({ url: 'connect:8083' }), /^debezium\.connect\.url: /],
    [
      'a setting that exactness rests on',
      withConnect({ settings: { 'snapshot.mode': 'initial' } }),
      /snapshot\.mode/,
    ],
    [
      "a transform of one's own",
      withConnect({ settings: { 'transforms.x.type': 'y' } }),
      /transforms\.x\.type/,
    ],
  ])('refuses %s', (_what, value, message) => {
    expect(problemsOf(value).join('\n')).toMatch(message);
  });
});

describe('transport by the environment', () => {
  it('is direct without any variable', () => {
    expect(transportFromEnv({})).toEqual({});
  });

  it('hands on a value that nobody knows, for the check to refuse', () => {
    expect(problemsOf({ ...config, ...transportFromEnv({ MATAPALO_TRANSPORT: 'pigeon' }) }).join()).toMatch(
      /^transport: /,
    );
  });

  it('says what was put into it', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const optional = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });
    const plain = (value: object) => JSON.parse(JSON.stringify(value)) as DebeziumConfig;
    const any = fc.record({
      kafka: fc.record({
        brokers: fc.array(
          word.map((host) => `${host}:9092`),
          { minLength: 1, maxLength: 3 },
        ),
        sasl: optional(
          fc.record({ mechanism: fc.constantFrom(...saslMechanisms), username: word, password: word }),
        ),
        tls: optional(fc.oneof(fc.constant(true), fc.record({ caFile: word }))),
        replicationFactor: optional(fc.integer({ min: 1, max: 9 })),
        minInsyncReplicas: optional(fc.integer({ min: 1, max: 9 })),
      }),
      connect: fc.record({
        url: word.map((host) => `http://${host}:8083`),
        username: optional(word),
        password: optional(word),
        caFile: optional(word),
      }),
    });
    fc.assert(
      fc.property(any, (value) => {
        const wanted = plain(value);
        expect(transportFromEnv(transportToEnv(wanted))).toEqual({ transport: 'debezium', debezium: wanted });
      }),
    );
  });
});
