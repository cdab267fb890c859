import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import type { ArrivalContext } from './arrival.ts';
import type { Authorise } from './auth/authorise.ts';
import type { ControlLink } from './control/link.ts';
import { answers, badHeaders } from './forward/answers.ts';
import { requestIdOf } from './forward/ids.ts';
import type { PeerOf } from './forward/peer.ts';
import { requestHeaders } from './forward/request-headers.ts';
import type { Upstream } from './forward/upstream.ts';
import { refuseUpgrade, Tunnel } from './forward/websocket.ts';
import { normaliseTarget } from './route-table/normalise-target.ts';
import type { RouteTable } from './route-table/table.ts';

export interface UpgradesOptions {
  context: ArrivalContext;
  link: ControlLink;
  authorise: Authorise;
  monolith: Upstream;
  services: ReadonlyMap<string, Upstream>;
  peerOf: PeerOf;
  connectTimeoutMs: number;
}

/** Only WebSocket is upgraded; `h2c` and the rest are answered as the plain requests that they also are. */
export function isWebSocket(request: IncomingMessage): boolean {
  return request.method === 'GET' && request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** WebSockets go to the group's owner, whatever the phase: what they carry cannot be told from writes. */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #tunnels = new Map<Tunnel, string | undefined>();

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#tunnels.size;
  }

  async receive(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    if (!(stream instanceof Socket)) {
      stream.destroy();
      return;
    }
    const { link, authorise, context, monolith, services, peerOf, connectTimeoutMs } = this.#options;
    const incomingId = request.headers['x-request-id'];
    const requestId = requestIdOf(typeof incomingId === 'string' ? incomingId : undefined);
    const target = normaliseTarget(request.url ?? '');
    if (target === undefined) return refuseUpgrade(stream, answers.badTarget, requestId);
    const route = link.table?.match('GET', target.path);
    if (route?.auth === 'verify') {
      const refusal = await authorise(route, request.headers.authorization);
      if (refusal) return refuseUpgrade(stream, refusal.problem, requestId, refusal.headers);
    }
    if (link.lease.hasExpired()) await link.refresh();
    const table = link.table;
    if (table === undefined) return refuseUpgrade(stream, answers.notReady, requestId);
    const group = route === undefined ? undefined : table.groups.get(route.group);
    if (table.decommissioned && group?.owner !== 'service')
      return refuseUpgrade(stream, answers.gone, requestId);
    if (group !== undefined && group.heldBy.length > 0)
      return refuseUpgrade(stream, answers.heldTooLong, requestId);
    const built = requestHeaders(request, peerOf(stream), {
      requestId,
      epoch: group?.epochHeader,
      parent: undefined,
    });
    if (built.headers === undefined) return refuseUpgrade(stream, badHeaders(built.refused), requestId);
    const inFlight = group === undefined ? undefined : context.inFlight.begin(group.name);
    const tunnel = new Tunnel({
      request,
      client: stream,
      head,
      upstream: group?.owner === 'service' ? (services.get(group.plan.service.name) ?? monolith) : monolith,
      target: target.path + target.query,
      headers: built.headers,
      requestId,
      connectTimeoutMs,
      onEnd: () => {
        this.#tunnels.delete(tunnel);
        if (inFlight !== undefined) context.inFlight.end(inFlight);
      },
    });
    this.#tunnels.set(tunnel, group?.name);
    tunnel.start();
  }

  /** Closes the tunnels of groups that are held now: they would keep the drain from ending. */
  adopt(table: RouteTable): void {
    for (const [tunnel, group] of [...this.#tunnels]) {
      if (group !== undefined && table.holds.some((hold) => hold.affected.includes(group))) tunnel.close();
    }
  }

  closeAll(): void {
    for (const tunnel of [...this.#tunnels.keys()]) tunnel.close();
  }
}
