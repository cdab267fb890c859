import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { MatapaloError } from '#kernel/errors.ts';
import { createServer as createAdmin, listen } from '#kernel/http/server.ts';
import type { Log } from '#kernel/log.ts';
import { createRegistry, observePool } from '#kernel/metrics.ts';
import type { Verify } from '#kernel/auth/verify.ts';
import type { Plan } from '#plan/compile.ts';
import type { SideConfig } from '#plan/config.ts';
import type { ArrivalContext } from './arrival.ts';
import { createAuthorise } from './auth/authorise.ts';
import { clientServer, listenForClients } from './client-server.ts';
import { Freshness } from './control/freshness.ts';
import { ControlLink } from './control/link.ts';
import { Marks } from './control/marks.ts';
import { Signer } from './decide/signer.ts';
import { createPeerOf } from './forward/peer.ts';
import { createUpstream, RetryBudget, type Upstream } from './forward/upstream.ts';
import { gauges } from './gauges.ts';
import { Gateway } from './gateway.ts';
import { Drains } from './hold/drains.ts';
import { InFlight } from './hold/in-flight.ts';
import { WaitingRoom } from './hold/waiting-room.ts';
import { RequestStats } from './request-stats.ts';
import { createMatcher } from './route-table/matcher.ts';
import { Results } from './shadow/results.ts';
import { Shadow } from './shadow/shadow.ts';
import { Upgrades } from './upgrades.ts';
import { WriteMetrics } from './write-metrics.ts';

export interface ProxyOptions {
  plan: Plan;
  log: Log;
  /** For clients. Default 127.0.0.1, and a free port. */
  host?: string;
  port?: number;
  /** For `/livez`, `/readyz` and `/metrics`. Default 127.0.0.1, and a free port. */
  adminHost?: string;
  adminPort?: number;
  /** Default 64 MiB. */
  maxBodyBytes?: number;
  /** Wait before an instance that fails is asked again. Default 1,000. */
  probeAfterMs?: number;
  /** Replaces verification by the config's JWKS. */
  verify?: Verify;
}

export interface Proxy {
  readonly id: string;
  readonly url: string;
  readonly adminUrl: string;
  readonly link: ControlLink;
  /** Stops taking requests, lets those in flight end, leaves the control database. */
  close(): Promise<void>;
}

const drainOnStopMs = 10_000;

/** Starts a proxy in this process. It listens at once and answers 503 until it has a route table. */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { plan, log } = options;
  const id = `p${randomBytes(6).toString('hex')}`;
  const config = plan.config.proxy ?? {};
  const matcher = createMatcher(plan);
  const marks = new Marks(id);
  const inFlight = new InFlight();
  const room = new WaitingRoom();
  const registry = createRegistry('proxy');
  const stats = new RequestStats();
  stats.register(registry);
  const drains: Drains = new Drains(inFlight, () => {
    for (const transition of drains.drained) link.report(`drained ${id} ${transition}`);
  });
  let url = '';
  const link: ControlLink = new ControlLink({
    plan,
    matcher,
    id,
    url: () => url,
    marks,
    log,
    held: () => room.size,
    drained: () => drains.drained,
    onTable: (table) => {
      upgrades.adopt(table);
      drains.adopt(table);
      if (room.size > 0) shadow.rest();
      gateway.release();
    },
  });
  const context: ArrivalContext = {
    id,
    signer: new Signer(plan.config.secret),
    marks,
    inFlight,
    hasDrained: (proxy, transition) => link.hasDrained(proxy, transition),
  };
  const upstreamOf = (name: string, side: SideConfig): Upstream =>
    createUpstream(name, side, config, {
      ...(options.probeAfterMs === undefined ? {} : { probeAfterMs: options.probeAfterMs }),
      onChange: (instance, isOut) =>
        log.warn(
          { upstream: name, instance: instance.url.origin },
          isOut ? 'an instance fails and gets no more requests' : 'an instance answers again',
        ),
    });
  const monolith = upstreamOf('monolith', plan.config.monolith);
  const services = new Map(
    Object.entries(plan.config.services).map(([name, side]) => [name, upstreamOf(name, side)]),
  );
  const results = new Results(link.db, log, registry, plan.groups.keys());
  const shadow = new Shadow({ monolith, services, marks, results });
  const authorise = createAuthorise(plan, options.verify);
  const peerOf = createPeerOf(config.trustedProxies ?? []);
  observePool(link.pool, registry, 'control');
  const gateway: Gateway = new Gateway({
    plan,
    context,
    link,
    freshness: new Freshness(link),
    authorise,
    monolith,
    services,
    peerOf,
    room,
    retries: new RetryBudget(),
    stats,
    shadow,
    maxBodyBytes: options.maxBodyBytes ?? 64 * 1024 * 1024,
    writes: new WriteMetrics(registry, plan.groups.keys()),
  });
  const upgrades: Upgrades = new Upgrades({
    context,
    link,
    authorise,
    monolith,
    services,
    peerOf,
    connectTimeoutMs: config.connectTimeoutMs ?? 5_000,
  });
  gauges(registry, {
    room,
    inFlight,
    upgrades,
    link,
    shadow,
    groups: [...plan.groups.keys()],
    upstreams: [monolith, ...services.values()],
  });

  let stopping = false;
  const server = clientServer(options, { gateway, upgrades, isStopping: () => stopping });
  const admin: FastifyInstance = createAdmin({
    log,
    registry,
    ready: () => {
      if (stopping) throw new MatapaloError('unavailable', 'The proxy is stopping.');
      if (link.table === undefined) throw new MatapaloError('unavailable', 'The routes are not known yet.');
    },
  });
  const adminUrl = await listen(
    admin,
    options.adminHost ?? '127.0.0.1',
    options.adminPort ?? 0,
    'ADMIN_PORT',
  );
  try {
    url = await listenForClients(server, options.host ?? '127.0.0.1', options.port ?? 0);
  } catch (error) {
    await admin.close();
    throw error;
  }
  link.start();

  let closing: Promise<void> | undefined;
  const close = async () => {
    stopping = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    upgrades.closeAll();
    server.closeIdleConnections();
    await Promise.race([closed, delay(drainOnStopMs, undefined, { ref: false })]);
    server.closeAllConnections();
    shadow.close();
    await results.close();
    await link.close();
    await Promise.all([monolith, ...services.values()].map((upstream) => upstream.close()));
    await admin.close();
  };
  return { id, url, adminUrl, link, close: () => (closing ??= close()) };
}
