import type { IncomingMessage, ServerResponse } from 'node:http';
import { cookies } from '#plan/names.ts';
import type { Plan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';
import { Arrival, type ArrivalContext } from './arrival.ts';
import type { Authorise } from './auth/authorise.ts';
import type { Freshness } from './control/freshness.ts';
import type { ControlLink } from './control/link.ts';
import { decide, type Decision } from './decide/decide.ts';
import { answers, badHeaders, sendProblem } from './forward/answers.ts';
import { Capture } from './forward/capture.ts';
import { Exchange, type BeforeAnswer } from './forward/exchange.ts';
import { requestIdOf } from './forward/ids.ts';
import type { PeerOf } from './forward/peer.ts';
import { requestHeaders } from './forward/request-headers.ts';
import type { RetryBudget, Upstream } from './forward/upstream.ts';
import { signParent } from './hold/parent.ts';
import type { Waiting, WaitingRoom } from './hold/waiting-room.ts';
import type { RequestStats } from './request-stats.ts';
import type { WriteMetrics } from './write-metrics.ts';
import { normaliseTarget } from './route-table/normalise-target.ts';
import type { GroupEntry, Hold, RouteTable } from './route-table/table.ts';
import type { Shadow } from './shadow/shadow.ts';

export interface GatewayOptions {
  plan: Plan;
  context: ArrivalContext;
  link: ControlLink;
  freshness: Freshness;
  authorise: Authorise;
  monolith: Upstream;
  services: ReadonlyMap<string, Upstream>;
  peerOf: PeerOf;
  room: WaitingRoom;
  retries: RetryBudget;
  stats: RequestStats;
  shadow: Shadow;
  maxBodyBytes: number;
  writes: WriteMetrics;
}

/** A request's way: read, match, authorise, decide, then forward or hold. Nothing waits unless something calls for it. */
export class Gateway {
  readonly #options: GatewayOptions;

  constructor(options: GatewayOptions) {
    this.#options = options;
  }

  receive(request: IncomingMessage, response: ServerResponse, expectsContinue = false): void {
    const { link, freshness, context, peerOf } = this.#options;
    const startedAt = performance.now();
    const incomingId = request.headers['x-request-id'];
    const requestId = requestIdOf(typeof incomingId === 'string' ? incomingId : undefined);
    const target = normaliseTarget(originForm(request));
    const table = link.table;
    if (target === undefined || table === undefined) {
      const body = target === undefined ? answers.badTarget : answers.notReady;
      this.#options.stats.observe('none', 'none', 'none', request.method ?? '', body.status, 0);
      sendProblem(response, body, requestId);
      return;
    }
    const route = table.match(request.method ?? '', target.path);
    const arrival = new Arrival(context, request, response, {
      target,
      route,
      peer: peerOf(request.socket),
      requestId,
      startedAt,
      expectsContinue,
    });
    if (route?.auth === 'verify' || freshness.isDoubtful(arrival, table)) void this.#routeWithCare(arrival);
    else this.#route(arrival);
  }

  /** After a new table: held requests are decided anew. */
  release(): void {
    this.#options.room.releaseAll();
  }

  async #routeWithCare(arrival: Arrival): Promise<void> {
    const { route, request, response, requestId } = arrival;
    if (route?.auth === 'verify') {
      const refusal = await this.#options.authorise(route, request.headers.authorization);
      if (refusal !== undefined) {
        this.#count(arrival, 'none', refusal.problem.status);
        sendProblem(response, refusal.problem, requestId, refusal.headers);
        return;
      }
    }
    if (!(await this.#options.freshness.confirm(arrival))) {
      this.#count(arrival, 'none', 503);
      sendProblem(response, answers.stale, requestId);
      return;
    }
    if (response.destroyed) return;
    this.#route(arrival);
  }

  #route(arrival: Arrival): void {
    const hold = this.#decideAndForward(arrival);
    if (hold !== undefined) this.#hold(arrival, hold);
  }

  /** Returns the hold that applies, or undefined when the request is on its way. */
  #decideAndForward(arrival: Arrival): Hold | undefined {
    const table = this.#options.link.table;
    const group = arrival.route === undefined ? undefined : table?.groups.get(arrival.route.group);
    const decision = decide(arrival.route, group, arrival);
    if (decision.hold !== undefined) return decision.hold;
    if (decision.side === 'legacy' && table?.decommissioned === true) {
      this.#count(arrival, 'none', 410);
      sendProblem(arrival.response, answers.gone, arrival.requestId);
      return undefined;
    }
    this.#forward(arrival, table, group, decision);
    return undefined;
  }

  #hold(arrival: Arrival, hold: Hold): void {
    const { room, writes } = this.#options;
    const leaves = () => writes.held(waiting.hold.group, (performance.now() - since) / 1_000);
    const { response, requestId } = arrival;
    const since = performance.now();
    const waiting: Waiting = {
      hold,
      since,
      retry: () => {
        const next = this.#decideAndForward(arrival);
        if (next !== undefined) return next;
        response.off('close', leave);
        leaves();
        return undefined;
      },
      expire: () => {
        response.off('close', leave);
        leaves();
        writes.givenUp(waiting.hold.group, 'too-long');
        this.#count(arrival, 'none', 503);
        sendProblem(response, answers.heldTooLong, requestId);
      },
    };
    const leave = () => room.leave(waiting);
    if (!room.enter(waiting)) {
      writes.givenUp(hold.group, 'too-many');
      this.#count(arrival, 'none', 503);
      sendProblem(response, answers.heldTooMany, requestId);
      return;
    }
    response.once('close', leave);
  }

  #forward(
    arrival: Arrival,
    table: RouteTable | undefined,
    group: GroupEntry | undefined,
    decision: Decision,
  ): void {
    const { context, monolith, services, retries, maxBodyBytes, shadow, link } = this.#options;
    const { request, response, route, requestId, target } = arrival;
    const upstream =
      decision.side === 'service' && group !== undefined
        ? (services.get(group.plan.service.name) ?? monolith)
        : monolith;
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) {
      this.#count(arrival, 'none', 413);
      sendProblem(response, answers.tooLarge, requestId);
      return;
    }
    const writes = route === undefined ? !readMethods.has(request.method ?? '') : route.writes;
    const inFlight = writes && group !== undefined ? context.inFlight.begin(group.name) : undefined;
    const incomingParent =
      request.headers['matapalo-parent'] === undefined ? undefined : arrival.parent()?.signed;
    const built = requestHeaders(request, arrival.peer, {
      requestId,
      epoch: group?.epochHeader,
      parent:
        incomingParent ??
        (inFlight === undefined || group === undefined
          ? undefined
          : signParent(context.signer, context.id, inFlight, group.name)),
    });
    if (built.headers === undefined) {
      if (inFlight !== undefined) context.inFlight.end(inFlight);
      this.#count(arrival, 'none', 400);
      sendProblem(response, badHeaders(built.refused), requestId);
      return;
    }
    retries.onRequest();
    const touches = writes ? (group === undefined ? (table?.lagging ?? []) : group.touches) : [];
    const capture = decision.shadow && shadow.wants(route) ? new Capture() : undefined;
    const headers = built.headers;
    new Exchange({
      request,
      response,
      upstream,
      target: target.query === '' ? target.path : target.path + target.query,
      headers,
      requestId,
      timeoutMs: route?.timeoutMs,
      maxBodyBytes,
      expectsContinue: arrival.expectsContinue,
      writes,
      retries,
      capture,
      beforeAnswer:
        touches.length === 0 && arrival.newCookie === undefined
          ? undefined
          : () => this.#mark(arrival, touches),
      onEnd: (status, refused) => {
        if (inFlight !== undefined) context.inFlight.end(inFlight);
        this.#count(arrival, decision.side, status);
        if (refused) {
          this.#options.writes.refused(route?.group ?? 'none', decision.side);
          void link.refresh();
        }
        if (capture !== undefined && route !== undefined && group !== undefined && status < 500) {
          shadow.submit({ capture, route, group, target, method: request.method ?? 'GET', headers });
        }
      },
    }).start();
  }

  /** Pins the client of an answered write to the owner, by cookie and by its hash. */
  #mark(arrival: Arrival, touches: readonly string[]): BeforeAnswer {
    const { context, link } = this.#options;
    const added = arrival.newCookie === undefined ? [] : [arrival.newCookie];
    if (touches.length === 0) return { cookies: added, wait: undefined };
    const mark = context.marks.touch();
    const client = arrival.clientHash();
    context.marks.pin(client, touches, mark);
    // The new mark proves the older writes too, of whatever proxy: their groups go on with it.
    const groups = [...new Set([...touches, ...(arrival.mark()?.groups ?? [])])];
    const value = context.signer.sign('mark', `${context.id}:${mark}:${groups.join('+')}`);
    added.push(`${cookies.mark}=${value}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax`);
    return { cookies: added, wait: link.hasPeers ? link.pins.share(client, touches, mark) : undefined };
  }

  #count(arrival: Arrival, side: Side | 'none', status: number): void {
    const seconds = (performance.now() - arrival.startedAt) / 1_000;
    const group = arrival.route?.group ?? 'none';
    this.#options.stats.observe(
      group,
      side,
      this.#options.link.table?.groups.get(group)?.phase ?? 'none',
      arrival.request.method ?? '',
      status,
      seconds,
    );
  }
}

const readMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** An absolute target must name the Host that the request names; anything else is left for the path check to refuse. */
function originForm(request: IncomingMessage): string {
  const url = request.url ?? '';
  if (url.charCodeAt(0) === 47) return url;
  const match = /^https?:\/\/([^/?#@]+)(\/.*)?$/i.exec(url);
  return match !== null && match[1]?.toLowerCase() === request.headers.host?.toLowerCase()
    ? (match[2] ?? '/')
    : url;
}
