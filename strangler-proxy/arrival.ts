import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cookies, headers as names } from '#plan/names.ts';
import type { RoutePlan } from '#plan/compile.ts';
import type { Side } from '#plan/phase.ts';
import type { Marks } from './control/marks.ts';
import { clientOf, cookieOf, type Client } from './decide/client.ts';
import type { RequestFacts } from './decide/decide.ts';
import { verifySide, type Signer } from './decide/signer.ts';
import { clientAddress, type Peer } from './forward/peer.ts';
import { isDraining, readParent, type Parent } from './hold/parent.ts';
import type { InFlight } from './hold/in-flight.ts';
import type { Hold } from './route-table/table.ts';
import type { Target } from './route-table/normalise-target.ts';

/** What arrivals of one proxy have in common. */
export interface ArrivalContext {
  id: string;
  signer: Signer;
  marks: Marks;
  inFlight: InFlight;
  hasDrained: (proxy: string, transition: string) => boolean;
}

/** A request that has been read and matched, and what may be asked about it. Facts are worked out when first asked for. */
export class Arrival implements RequestFacts {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly route: RoutePlan | undefined;
  readonly peer: Peer;
  readonly requestId: string;
  readonly startedAt: number;
  readonly expectsContinue: boolean;
  readonly #context: ArrivalContext;
  #client: Client | undefined;
  #parent: Parent | false | undefined;

  constructor(
    context: ArrivalContext,
    request: IncomingMessage,
    response: ServerResponse,
    facts: Pick<Arrival, 'target' | 'route' | 'peer' | 'requestId' | 'startedAt' | 'expectsContinue'>,
  ) {
    this.#context = context;
    this.request = request;
    this.response = response;
    this.target = facts.target;
    this.route = facts.route;
    this.peer = facts.peer;
    this.requestId = facts.requestId;
    this.startedAt = facts.startedAt;
    this.expectsContinue = facts.expectsContinue;
  }

  client(): string {
    return this.#clientOf().key;
  }

  /** The cookie that a client without one gets, where its bucket was asked for. */
  get newCookie(): string | undefined {
    return this.#client?.newCookie;
  }

  /** The client in a form that may be told to other proxies: no subject or address leaves this one. */
  clientHash(): string {
    return createHash('sha256').update(this.client()).digest('base64url').slice(0, 16);
  }

  isPinned(): boolean {
    const group = this.route?.group;
    if (group === undefined) return true;
    const mark = this.mark();
    if (
      mark?.groups.includes(group) === true &&
      !this.#context.marks.isCovered(group, mark.proxy, mark.mark)
    ) {
      return true;
    }
    return this.#context.marks.hasPins && this.#context.marks.isPinned(this.clientHash(), group);
  }

  /** The client's last write, from its signed cookie. */
  mark(): { proxy: string; mark: number; groups: string[] } | undefined {
    const value = cookieOf(this.request.headers.cookie, cookies.mark);
    if (value === undefined) return undefined;
    const [proxy, mark, groups] = this.#context.signer.verify('mark', value)?.split(':') ?? [];
    if (proxy === undefined || groups === undefined) return undefined;
    return { proxy, mark: Number(mark), groups: groups.split('+') };
  }

  forced(): Side | undefined {
    const value = this.request.headers[names.side];
    if (typeof value !== 'string') return undefined;
    return verifySide(this.#context.signer, value, Date.now() / 1000);
  }

  /** The write in whose course this request was made, when its signature is ours. */
  parent(): Parent | undefined {
    if (this.#parent === undefined) {
      const value = this.request.headers[names.parent];
      this.#parent =
        (typeof value === 'string' ? readParent(this.#context.signer, value) : undefined) ?? false;
    }
    return this.#parent === false ? undefined : this.#parent;
  }

  isDraining(hold: Hold): boolean {
    const { id, inFlight, hasDrained } = this.#context;
    return isDraining(hold, this.parent(), id, inFlight, hasDrained);
  }

  /** The newest epoch of this group that the caller has seen, from `group=epoch`. */
  seenEpoch(): bigint | undefined {
    const value = this.request.headers[names.epoch];
    if (typeof value !== 'string' || this.route === undefined) return undefined;
    const match = /^(\w{1,40})=(\d{1,18})$/.exec(value);
    return match?.[1] === this.route.group ? BigInt(match[2] ?? 0) : undefined;
  }

  #clientOf(): Client {
    this.#client ??= clientOf(
      this.request.headers,
      clientAddress(this.peer, this.request.headers['x-forwarded-for']),
    );
    return this.#client;
  }
}
