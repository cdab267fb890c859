import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { repository } from './compose-file.ts';
import {
  allows,
  commandLine,
  ofKind,
  overlays,
  render,
  selects,
  workloads,
  type Labels,
  type Manifest,
} from './manifests.ts';
import { schemaProblems, unknownFields } from './schemas.ts';
import { itNeeds, kustomize } from './tools.ts';
import { variablesNeeded } from './variables.ts';

const rendered = new Map<string, Manifest[]>();
const test = itNeeds(kustomize, 'kustomize is missing; `bash .ci/run` builds it with Go');
const each = (work: (all: Manifest[], overlay: string) => void) => () =>
  rendered.forEach((all, overlay) => work(all, overlay));

beforeAll(() => {
  if (kustomize === undefined) return;
  for (const overlay of overlays) rendered.set(overlay, render(overlay));
});

const labelsOf = (all: readonly Manifest[], name: string): Labels => {
  const found = workloads(all).find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no workload ${name}.`);
  return found.labels;
};

describe('the schemas', () => {
  test('are those of the API: every object of every overlay fits its kind', async () => {
    const all = [...rendered.values()].flat();
    expect(all.length).toBeGreaterThan(80);
    const problems = await Promise.all(all.map((manifest) => schemaProblems(manifest)));
    expect(problems.flat()).toEqual([]);
  });

  test('know every field that is used', () => {
    expect(unknownFields([...rendered.values()].flat())).toEqual([]);
  });

  it('refuse what is wrong', async () => {
    const wrong = (spec: object, kind = 'Deployment', apiVersion = 'apps/v1'): Manifest => ({
      apiVersion,
      kind,
      metadata: { name: 'wrong' },
      spec,
    });
    const selector = { matchLabels: { a: 'b' } };
    expect(await schemaProblems(wrong({ selector, template: {}, replicas: 'two' }))).toHaveLength(1);
    expect(await schemaProblems(wrong({}, 'KafkaConnect', 'kafka.strimzi.io/v1'))).not.toEqual([]);
    expect(
      await schemaProblems(wrong({ authentification: {} }, 'KafkaUser', 'kafka.strimzi.io/v1')),
    ).toHaveLength(1);
    expect(unknownFields([wrong({ selector, template: {}, replica: 2 })])).toHaveLength(1);
  });
});

describe('every workload', () => {
  test(
    'is given what its command needs, and no proxy a password of a captured database',
    each((all) => {
      for (const workload of workloads(all)) {
        const { env, command } = commandLine(all, workload, () => 'given');
        for (const variable of variablesNeeded(command))
          if (!(variable === 'PUBLIC_URL' && env['JWKS_URL']))
            expect(env, workload.name).toHaveProperty(variable);
        if (command[0] === 'node')
          expect(existsSync(join(repository, command[1] ?? '')), command[1]).toBe(true);
        if (workload.name === 'proxy')
          expect(Object.keys(env).filter((key) => key.endsWith('_DB'))).toEqual(['MATAPALO_CONTROL_DB']);
      }
    }),
  );

  test(
    'runs as nobody in particular, with nothing to write to but /tmp',
    each((all) => {
      for (const { name, pod, container } of workloads(all)) {
        expect(pod.securityContext, name).toMatchObject({
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        });
        expect(pod.automountServiceAccountToken, name).toBe(false);
        expect(container.securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(Object.keys(container.resources.requests), name).toEqual(['cpu', 'memory']);
        expect(container.resources.limits, name).toHaveProperty('memory');
        expect(container.image, name).toMatch(/:\d/);
      }
    }),
  );

  test(
    'is probed on a port that it has and listens on, and has time to drain',
    each((all) => {
      // What the processes allow themselves, read off their sources.
      const limit = (file: string, pattern: RegExp) =>
        Number(pattern.exec(readFileSync(join(repository, file), 'utf8'))?.[1]?.replaceAll('_', '')) / 1_000;
      const toolSeconds = limit('kernel/shutdown.ts', /timeoutMs = ([\d_]+)/);
      const monolithSeconds = limit('monolith/main.ts', /process\.exit\(1\), ([\d_]+)/);
      expect([toolSeconds, monolithSeconds]).toEqual([expect.any(Number), expect.any(Number)]);
      for (const workload of workloads(all)) {
        const { name, container, pod, manifest } = workload;
        if (manifest.kind !== 'Deployment') continue;
        const { env } = commandLine(all, workload, () => 'given');
        const listens = ['PORT', 'ADMIN_PORT', 'CDC_PORT'].map((key) => Number(env[key])).filter(Boolean);
        expect(container.ports?.map((port) => port.containerPort).sort(), name).toEqual(listens.sort());
        for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
          expect(
            container.ports?.map((port) => port.name),
            name,
          ).toContain(probe?.httpGet.port);
        const needed =
          (container.lifecycle?.preStop.sleep.seconds ?? 0) +
          (name === 'monolith' ? monolithSeconds : toolSeconds);
        expect(pod.terminationGracePeriodSeconds, name).toBeGreaterThanOrEqual(needed);
        expect(selects(pod.topologySpreadConstraints[0].labelSelector, workload.labels), name).toBe(true);
      }
    }),
  );

  test(
    'is there twice, and one of the two stays during a drain of nodes',
    each((all, overlay) => {
      for (const { name, labels, manifest } of workloads(all)) {
        if (manifest.kind !== 'Deployment') continue;
        if (name === 'monolith' && overlay === 'monolith-off') {
          expect(manifest.spec.replicas).toBe(0);
          continue;
        }
        const scaler = ofKind(all, 'HorizontalPodAutoscaler').find(
          ({ spec }) => spec.scaleTargetRef.name === name,
        );
        expect(scaler?.spec.minReplicas ?? manifest.spec.replicas, name).toBe(2);
        expect(scaler === undefined || manifest.spec.replicas === undefined, name).toBe(true);
        const budget = ofKind(all, 'PodDisruptionBudget').find(({ spec }) => selects(spec.selector, labels));
        expect(budget?.spec.maxUnavailable, name).toBe(1);
      }
    }),
  );
});

describe('every overlay', () => {
  test(
    'brings no secret, and needs only those that docs/deployment.md lists',
    each((all) => {
      expect(ofKind(all, 'Secret')).toEqual([]);
      const page = readFileSync(join(repository, 'docs/deployment.md'), 'utf8');
      const text = JSON.stringify(all);
      const names = [...text.matchAll(/"secretKeyRef":\{"key":"([\w-]+)","name":"([\w-]+)"/g)];
      expect(names.length).toBeGreaterThan(5);
      for (const [, key, name] of names)
        expect(page, `${name} ${key}`).toMatch(new RegExp(`\`${name}\`.*\`${key}\``));
      for (const [, name] of text.matchAll(/"secretName":"([\w-]+)"/g))
        expect(page, name).toContain(`\`${name}\``);
    }),
  );

  test(
    'has a service for every host that it names, on a port that its pods listen on',
    each((all) => {
      const pods = workloads(all);
      for (const { metadata, spec } of ofKind(all, 'Service')) {
        const behind = pods.filter(({ labels }) => selects({ matchLabels: spec.selector as Labels }, labels));
        expect(
          behind.map(({ manifest }) => manifest.kind),
          metadata.name,
        ).toEqual(['Deployment']);
        for (const { targetPort } of spec.ports as { targetPort: string }[])
          expect(
            behind[0]?.container.ports?.map(({ name }) => name),
            metadata.name,
          ).toContain(targetPort);
      }
      for (const workload of pods) {
        const { env } = commandLine(all, workload, () => '');
        for (const [, host, port] of Object.values(env)
          .join(' ')
          .matchAll(/http:\/\/([a-z-]+):(\d+)/g)) {
          // Strimzi makes Connect's.
          if (host === 'matapalo-connect-api') continue;
          const service = ofKind(all, 'Service').find(({ metadata }) => metadata.name === host);
          expect(
            (service?.spec.ports as { port: number }[]).map((one) => one.port),
            host,
          ).toContain(Number(port));
        }
      }
    }),
  );

  test(
    'lets those talk who must, and nobody else',
    each((all, overlay) => {
      const label = (name: string) => labelsOf(all, name);
      const can = (from: string, to: string, port: number) => allows(all, label(from), label(to), port);
      expect(can('proxy', 'monolith', 3000)).toBe(true);
      expect(can('proxy', 'service-catalogue', 3000)).toBe(true);
      expect(can('monolith', 'proxy', 7000)).toBe(true);
      expect(can('service-catalogue', 'proxy', 7000)).toBe(true);
      expect(can('proxy', 'proxy', 7000)).toBe(true);
      expect(can('monolith', 'service-catalogue', 3000)).toBe(false);
      expect(can('service-catalogue', 'monolith', 3000)).toBe(false);
      expect(can('monolith', 'operator', 7070)).toBe(false);
      expect(can('cdc', 'monolith', 3000)).toBe(false);
      expect(can('monolith', 'proxy', 7001)).toBe(false);
      const kafka = { 'strimzi.io/cluster': 'matapalo' };
      for (const name of ['operator', 'cdc'])
        expect(allows(all, label(name), kafka, 9093) && allows(all, label(name), kafka, 8083)).toBe(
          overlay === 'debezium',
        );
      for (const name of ['monolith', 'proxy', 'service-catalogue'])
        expect(allows(all, label(name), kafka, 8083)).toBe(false);
    }),
  );

  test('that is monitored has every process scraped, by the job that rules and dashboards ask for', () => {
    const all = rendered.get('monitored') ?? [];
    const monitors = ofKind(all, 'PodMonitor');
    for (const { name, labels, container, manifest } of workloads(all)) {
      if (manifest.kind !== 'Deployment') continue;
      const ports = monitors
        .filter(({ spec }) => selects(spec.selector, labels))
        .flatMap(({ spec }) => (spec.podMetricsEndpoints as { port: string }[]).map(({ port }) => port))
        .filter((port) => container.ports?.some((own) => own.name === port));
      expect(ports, name).toHaveLength(1);
    }
  });
});
