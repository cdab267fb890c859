import type { Direction } from './phase.ts';

/** Slot, publication, replication origin and connector of one group and direction share this name. */
export function syncName(group: string, direction: Direction): string {
  return `matapalo_${group}_${direction}`;
}

/** application_name of the session that applies a direction; the server keeps 63 bytes of one. */
export function applySessionName(group: string, direction: Direction): string {
  return `${syncName(group, direction)} apply`.slice(0, 63);
}

/** Kafka topic of one group and direction. */
export function topicName(group: string, direction: Direction): string {
  return `matapalo.${group}.${direction}`;
}

/** Group names end up in slot names (63 bytes of [a-z0-9_]), topics and metrics. */
export const groupNamePattern = /^[a-z][a-z0-9_]{0,39}$/;

/** Schema of the tool's own tables in each captured database. */
export const toolSchema = 'matapalo';

/** First key of the guard's advisory locks; the second is the group's. */
export const guardLockClass = 19_792;

export const headers = {
  /** Signed id of the request on whose behalf a call is made; passes a hold until the drain ends. */
  parent: 'matapalo-parent',
  /** The epoch of the route table that decided. */
  epoch: 'matapalo-epoch',
  /** Set by a side that refused a write because it is not the owner; the proxy answers 503 with Retry-After. */
  refused: 'matapalo-refused',
  /** Signed wish for one side, for operators. */
  side: 'matapalo-side',
} as const;

export const cookies = {
  /** Canary bucket of a client without a token. */
  client: 'matapalo_client',
  /** Signed mark of a client's last write. */
  mark: 'matapalo_mark',
} as const;

/** NOTIFY channels of the control database. */
export const channels = {
  /** The route table has a new version. */
  routes: 'matapalo_routes',
  /** A proxy reports (adopted, drained). */
  proxies: 'matapalo_proxies',
  /** Sync progress, marks covered. */
  progress: 'matapalo_progress',
  /** Work for the cdc worker. */
  jobs: 'matapalo_jobs',
} as const;

export const sqlStates = { notOwner: 'MP001', staleApplier: 'MP002' } as const;
