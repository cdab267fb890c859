import { Gauge, Histogram, type Registry } from '#kernel/metrics.ts';
import type { ControlLink } from './control/link.ts';
import type { InFlight } from './hold/in-flight.ts';
import type { WaitingRoom } from './hold/waiting-room.ts';
import type { Shadow } from './shadow/shadow.ts';
import type { Upgrades } from './upgrades.ts';

export function heldHistogram(registry: Registry): Histogram {
  return new Histogram({
    name: 'matapalo_proxy_held_seconds',
    help: 'Time that writes waited for a switch or rollback.',
    labelNames: ['group'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
}

export function gauges(
  registry: Registry,
  now: {
    room: WaitingRoom;
    inFlight: InFlight;
    upgrades: Upgrades;
    link: ControlLink;
    shadow: Shadow;
    groups: readonly string[];
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
}
