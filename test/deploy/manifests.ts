import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { repository } from './compose-file.ts';
import type { CommandLine } from './local.ts';
import { kustomize } from './tools.ts';

export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels };
  // Each kind has another; the tests check the whole against the API's schema.
  spec?: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- any kind's; the schemas check it, the tests read members
  data?: Record<string, string>;
}

export type Labels = Readonly<Record<string, string>>;

export interface Container {
  name: string;
  image: string;
  command: string[];
  ports?: { name: string; containerPort: number }[];
  env?: {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef?: SecretKey; fieldRef?: { fieldPath: string } };
  }[];
  envFrom?: { configMapRef: { name: string } }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop: { sleep: { seconds: number } } };
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string }[];
}

export interface Probe {
  httpGet: { path: string; port: string | number };
}

export interface SecretKey {
  name: string;
  key: string;
}

export const overlays = ['direct', 'debezium', 'monolith-off', 'monitored'] as const;

/** What `kubectl apply -k` of an overlay would send. */
export function render(overlay: string): Manifest[] {
  if (kustomize === undefined) throw new Error('kustomize is missing.');
  const text = kustomize(join(repository, 'deploy/kubernetes/overlays', overlay));
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

export const ofKind = (all: readonly Manifest[], ...kinds: string[]): Manifest[] =>
  all.filter(({ kind }) => kinds.includes(kind));

/** Deployments and Jobs of ours, with their one container and their pods' labels. */
export function workloads(all: readonly Manifest[]) {
  return ofKind(all, 'Deployment', 'Job').map((manifest) => ({
    manifest,
    name: manifest.metadata.name,
    labels: manifest.spec.template.metadata.labels as Labels,
    pod: manifest.spec.template.spec,
    container: manifest.spec.template.spec.containers[0] as Container,
  }));
}

/** A container's command with its variables, those from Secrets by `secret`. */
export function commandLine(
  all: readonly Manifest[],
  { name, container }: { name: string; container: Container },
  secret: (key: SecretKey) => string,
): CommandLine {
  const env: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom ?? []) {
    const map = ofKind(all, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef.name);
    Object.assign(env, map?.data);
  }
  for (const { name: key, value, valueFrom } of container.env ?? []) {
    const given =
      value ??
      (valueFrom?.secretKeyRef ? secret(valueFrom.secretKeyRef) : valueFrom?.fieldRef && '127.0.0.1');
    env[key] = (given ?? '').replaceAll(/\$\((\w+)\)/g, (_, other: string) => env[other] ?? '');
  }
  return { name, command: container.command, env };
}

interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: 'In' | 'NotIn' | 'Exists'; values?: string[] }[];
}

export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const has = labels[key] !== undefined;
      if (operator === 'Exists') return has;
      return values.includes(labels[key] ?? '') === (operator === 'In');
    })
  );
}

interface Rule {
  to?: { podSelector?: Selector; namespaceSelector?: Selector }[];
  from?: Rule['to'];
  ports?: { port: number; protocol: string }[];
}

/** Whether the policies let pods with labels `from` open TCP connections to pods of the same namespace with labels `to`. */
export function allows(all: readonly Manifest[], from: Labels, to: Labels, port: number): boolean {
  const passes = (type: 'Ingress' | 'Egress', own: Labels, peer: Labels) => {
    const policies = ofKind(all, 'NetworkPolicy').filter(
      ({ spec }) =>
        (spec.policyTypes as string[]).includes(type) && selects(spec.podSelector as Selector, own),
    );
    const rules = policies.flatMap(
      ({ spec }) => ((type === 'Ingress' ? spec.ingress : spec.egress) ?? []) as Rule[],
    );
    return (
      policies.length === 0 ||
      rules.some((rule) => {
        const peers = type === 'Ingress' ? rule.from : rule.to;
        const portFits = rule.ports === undefined || rule.ports.some((one) => one.port === port);
        // A peer with a namespace selector means another namespace here.
        const peerFits =
          peers === undefined ||
          peers.some((one) => one.namespaceSelector === undefined && selects(one.podSelector ?? {}, peer));
        return portFits && peerFits;
      })
    );
  };
  return passes('Egress', from, to) && passes('Ingress', to, from);
}
