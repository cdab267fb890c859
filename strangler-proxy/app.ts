import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { errorCodeOf, MatapaloError } from '#kernel/errors.ts';
import { createServer as createAdmin, listen } from '#kernel/http/server.ts';
import type { Log } from '#kernel/log.ts';
import { createRegistry, Gauge, Histogram, type Registry } from '#kernel/metrics.ts';
import type { Verify } from '#kernel/auth/verify.ts';
import type { Plan } from '#plan/compile.ts';
import type { ArrivalContext } from './arrival.ts';
import { createAuthorise } from './auth/authorise.ts';
import { Freshness } from './control/freshness.ts';
import { ControlLink } from './control/link.ts';
import { Marks } from './control/marks.ts';
import { Signer } from './decide/signer.ts';
import { answers, sendProblem } from './forward/answers.ts';
import { randomHex } from './forward/ids.ts';
import { createPeerOf } from './forward/peer.ts';
import { createUpstream, RetryBudget } from './forward/upstream.ts';
import { Gateway } from './gateway.ts';
import { Drains } from './hold/drains.ts';
import { InFlight } from './hold/in-flight.ts';
import { WaitingRoom } from './hold/waiting-room.ts';
import { RequestStats } from './request-stats.ts';
import { createMatcher } from './route-table/matcher.ts';
import { Results } from './shadow/results.ts';
import { Shadow } from './shadow/shadow.ts';
import { isWebSocket, Upgrades } from './upgrades.ts';

export interface ProxyOptions {
  plan: Plan;
  log: Log;
  /** For clients. Default 127.0.0.1, and a free port. */
  host?: string;
  port?: number;
  /** For `/livez`, `/readyz` and `/metrics`. Default a free port. */
  adminPort?: number;
  /** Default 64 MiB. */
  maxBodyBytes?: number;
  maxConnections?: number;
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
  const monolith = createUpstream('monolith', plan.config.monolith.url, config);
  const services = new Map(
    Object.entries(plan.config.services).map(([name, side]) => [
      name,
      createUpstream(name, side.url, config),
    ]),
  );
  const results = new Results(link.db, log, registry);
  const shadow = new Shadow({ monolith, services, marks, results });
  const authorise = createAuthorise(plan, options.verify);
  const peerOf = createPeerOf(config.trustedProxies ?? []);
  const held = heldHistogram(registry);
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
    onHeld: (group, heldMs) => held.observe({ group }, heldMs / 1_000),
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
  gauges(registry, { room, inFlight, upgrades, link, shadow, groups: [...plan.groups.keys()] });

  let stopping = false;
  const server = clientServer(options, gateway, upgrades, () => stopping);
  const admin: FastifyInstance = createAdmin({
    log,
    registry,
    ready: () => {
      if (stopping) throw new MatapaloError('unavailable', 'The proxy is stopping.');
      if (link.table === undefined) throw new MatapaloError('unavailable', 'The routes are not known yet.');
    },
  });
  const adminUrl = await listen(admin, '127.0.0.1', options.adminPort ?? 0, 'ADMIN_PORT');
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

/** Node's strict parser refuses ambiguous framing; limits keep slow and large requests from taking the process. */
function clientServer(
  options: ProxyOptions,
  gateway: Gateway,
  upgrades: Upgrades,
  isStopping: () => boolean,
): Server {
  const config = options.plan.config.proxy ?? {};
  const server = createServer({
    maxHeaderSize: 32 * 1024,
    headersTimeout: 15_000,
    requestTimeout: 300_000,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: 65_000,
    insecureHTTPParser: false,
    noDelay: true,
    highWaterMark: 64 * 1024,
    shouldUpgradeCallback: isWebSocket,
  });
  server.maxConnections = options.maxConnections ?? 10_000;
  server.timeout = Math.max(config.headersTimeoutMs ?? 30_000, config.bodyTimeoutMs ?? 60_000) + 10_000;
  server.on('request', (request, response) => {
    if (isStopping()) response.setHeader('connection', 'close');
    gateway.receive(request, response);
  });
  server.on('checkContinue', (request, response) => gateway.receive(request, response, true));
  server.on('checkExpectation', (_request, response) =>
    sendProblem(response, answers.expectation, randomHex(32)),
  );
  server.on('upgrade', (request, socket, head) => void upgrades.receive(request, socket, head));
  server.on('connect', (_request, socket) =>
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nconnection: close\r\n\r\n'),
  );
  server.on('clientError', (error, socket) => {
    if (errorCodeOf(error) === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status =
      errorCodeOf(error) === 'HPE_HEADER_OVERFLOW'
        ? '431 Request Header Fields Too Large'
        : errorCodeOf(error) === 'ERR_HTTP_REQUEST_TIMEOUT'
          ? '408 Request Timeout'
          : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  return server;
}

function listenForClients(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        errorCodeOf(error) === 'EADDRINUSE'
          ? new MatapaloError('unavailable', `Port ${port} on ${host} is in use.`, {
              hint: 'Stop what listens there, or choose another with PORT.',
              cause: error,
            })
          : error,
      );
    });
    server.listen({ host, port, backlog: 1_024 }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
    });
  });
}

function heldHistogram(registry: Registry): Histogram {
  return new Histogram({
    name: 'matapalo_proxy_held_seconds',
    help: 'Time that writes waited for a switch or rollback.',
    labelNames: ['group'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
}

function gauges(
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
