import type { Kafka } from 'kafkajs';
import type { KafkaConfig } from '#plan/debezium-config.ts';

/**
 * Makes a group's topic where it is missing: one partition keeps the order of commits, and nothing is ever removed by age, size or
 * key. Settings of one that is there are put right. True when it was made.
 */
export async function ensureTopic(
  kafka: Kafka,
  topic: string,
  { replicationFactor, minInsyncReplicas }: Pick<KafkaConfig, 'replicationFactor' | 'minInsyncReplicas'> = {},
): Promise<boolean> {
  const settings = [
    { name: 'cleanup.policy', value: 'delete' },
    { name: 'retention.ms', value: '-1' },
    { name: 'retention.bytes', value: '-1' },
    ...(minInsyncReplicas === undefined
      ? []
      : [{ name: 'min.insync.replicas', value: String(minInsyncReplicas) }]),
  ];
  const admin = kafka.admin();
  await admin.connect();
  try {
    const made = await admin.createTopics({
      waitForLeaders: true,
      topics: [
        { topic, numPartitions: 1, replicationFactor: replicationFactor ?? -1, configEntries: settings },
      ],
    });
    if (!made) {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: topicResource, name: topic, configNames: settings.map(({ name }) => name) }],
      });
      const present = new Map(
        resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
      );
      if (settings.some(({ name, value }) => present.get(name) !== value)) {
        await admin.alterConfigs({
          validateOnly: false,
          resources: [{ type: topicResource, name: topic, configEntries: settings }],
        });
      }
    }
    return made;
  } finally {
    await admin.disconnect();
  }
}

/** `ConfigResourceTypes.TOPIC`: kafkajs keeps its enum in CommonJS only. */
const topicResource = 2;

/** Deletes a group's topic; what is not there is no error. */
export async function removeTopic(kafka: Kafka, topic: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    if ((await admin.listTopics()).includes(topic)) await admin.deleteTopics({ topics: [topic] });
  } finally {
    await admin.disconnect();
  }
}
