import { Counter, Gauge, type Registry } from '#kernel/metrics.ts';
import type { ControlLink } from './control/link.ts';
import type { UpstreamFailure } from './forward/health.ts';
import type { Instances } from './forward/instances.ts';
import type { Upstream } from './forward/upstream.ts';
import type { InFlight } from './hold/in-flight.ts';
import type { WaitingRoom } from './hold/waiting-room.ts';
import type { Shadow } from './shadow/shadow.ts';
import type { Upgrades } from './upgrades.ts';

export function gauges(
  registry: Registry,
  now: {
    room: WaitingRoom;
    inFlight: InFlight;
    upgrades: Upgrades;
    link: ControlLink;
    shadow: Shadow;
    groups: readonly string[];
    upstreams: readonly Upstream[];
  },
): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  gauge('matapalo_proxy_held_requests', 'Writes that wait now.', () => now.room.size);
  gauge('matapalo_proxy_websockets', 'Open WebSockets.', () => now.upgrades.size);
  gauge(
    'matapalo_proxy_shadow_pending',
    'Copies and re-checks under way or waiting.',
    () => now.shadow.pending,
  );
  gauge('matapalo_proxy_route_version', 'Version of the route table in use.', () =>
    Number(now.link.table?.version ?? 0),
  );
  gauge(
    'matapalo_proxy_lease_remaining_seconds',
    'Time for which the route table is still known to be current.',
    () => now.link.lease.remainingMs() / 1_000,
  );
  new Gauge({
    name: 'matapalo_proxy_writes_in_flight',
    help: 'Writes forwarded and not answered yet, by group.',
    labelNames: ['group'],
    registers: [registry],
    collect() {
      for (const group of now.groups) this.set({ group }, now.inFlight.count(group));
    },
  });
  new Gauge({
    name: 'matapalo_proxy_group_epoch',
    help: 'Ownership epoch by which this proxy routes.',
    labelNames: ['group'],
    registers: [registry],
    collect() {
      for (const [group, { epoch }] of now.link.table?.groups ?? []) this.set({ group }, Number(epoch));
    },
  });
  upstreamGauges(registry, now.upstreams);
}

function upstreamGauges(registry: Registry, upstreams: readonly Upstream[]): void {
  const registers = [registry];
  new Gauge({
    name: 'matapalo_proxy_upstream_up',
    help: '0 after a request that got no answer, until one gets an answer again.',
    labelNames: ['upstream'],
    registers,
    collect() {
      for (const { name, health } of upstreams) this.set({ upstream: name }, health.answers ? 1 : 0);
    },
  });
  new Counter({
    name: 'matapalo_proxy_upstream_failures_total',
    help: 'Requests without a whole answer from the server behind, by reason.',
    labelNames: ['upstream', 'reason'],
    registers,
    collect() {
      this.reset();
      for (const { name, health } of upstreams) {
        for (const [reason, count] of Object.entries(health.failures) as [UpstreamFailure, number][])
          this.inc({ upstream: name, reason }, count);
      }
    },
  });
  new Gauge({
    name: 'matapalo_proxy_upstream_connections',
    help: 'Open connections to a server behind, by use.',
    labelNames: ['upstream', 'state'],
    registers,
    collect() {
      for (const { name, instances } of upstreams) {
        this.set({ upstream: name, state: 'idle' }, sumOf(instances, 'idle'));
        this.set({ upstream: name, state: 'busy' }, sumOf(instances, 'busy'));
      }
    },
  });
  new Gauge({
    name: 'matapalo_proxy_upstream_queued_requests',
    help: 'Requests that wait for a connection to a server behind.',
    labelNames: ['upstream'],
    registers,
    collect() {
      for (const { name, instances } of upstreams) this.set({ upstream: name }, sumOf(instances, 'queued'));
    },
  });
  new Gauge({
    name: 'matapalo_proxy_upstream_instances',
    help: 'Instances of a server behind: those in use, and those taken out because they fail.',
    labelNames: ['upstream', 'state'],
    registers,
    collect() {
      for (const { name, instances } of upstreams) {
        const out = instances.all.filter((instance) => instances.isOut(instance)).length;
        this.set({ upstream: name, state: 'in' }, instances.all.length - out);
        this.set({ upstream: name, state: 'out' }, out);
      }
    },
  });
}

function sumOf(instances: Instances, figure: 'idle' | 'busy' | 'queued'): number {
  return instances.all.reduce((sum, { connections }) => sum + connections[figure], 0);
}
