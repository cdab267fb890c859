/** How changes get from database to database: by the tool alone, or by Kafka, Connect and Debezium. */
export const profiles = ['embedded', 'debezium'] as const;
export type Profile = (typeof profiles)[number];
