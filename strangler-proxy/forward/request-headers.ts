import type { IncomingMessage } from 'node:http';
import { headers as names } from '#plan/names.ts';
import { traceOf } from './ids.ts';
import type { Peer } from './peer.ts';

/** What the proxy says to an upstream beside the client's own headers. */
export interface Additions {
  requestId: string;
  epoch: string | undefined;
  parent: string | undefined;
}

/** `refused` says why a request's headers cannot be passed on in one meaning only. */
export type Built = { headers: string[]; refused?: undefined } | { headers?: undefined; refused: string };

type Action = 'pass' | 'drop' | 'drop-untrusted' | 'host' | 'length' | 'single' | 'via' | 'override';

const actions = new Map<string, Action>([
  // Hop-by-hop (RFC 9110, 7.6.1), and what our own connection to the upstream decides.
  ['connection', 'drop'],
  ['keep-alive', 'drop'],
  ['proxy-connection', 'drop'],
  ['proxy-authorization', 'drop'],
  ['proxy-authenticate', 'drop'],
  ['te', 'drop'],
  ['trailer', 'drop'],
  ['transfer-encoding', 'drop'],
  ['upgrade', 'drop'],
  ['http2-settings', 'drop'],
  ['expect', 'drop'],
  // Written anew below.
  ['x-request-id', 'drop'],
  ['traceparent', 'drop'],
  ['tracestate', 'drop'],
  ['x-forwarded-for', 'drop'],
  ['x-forwarded-proto', 'drop'],
  ['x-forwarded-host', 'drop'],
  // Who the client is, in the words of a proxy that is not there.
  ['forwarded', 'drop-untrusted'],
  ['x-forwarded-port', 'drop-untrusted'],
  ['x-forwarded-prefix', 'drop-untrusted'],
  ['x-forwarded-server', 'drop-untrusted'],
  ['x-forwarded-ssl', 'drop-untrusted'],
  ['x-forwarded-scheme', 'drop-untrusted'],
  ['x-forwarded-user', 'drop-untrusted'],
  ['x-real-ip', 'drop-untrusted'],
  ['x-client-ip', 'drop-untrusted'],
  ['x-cluster-client-ip', 'drop-untrusted'],
  ['x-originating-ip', 'drop-untrusted'],
  ['true-client-ip', 'drop-untrusted'],
  ['cf-connecting-ip', 'drop-untrusted'],
  ['remote-user', 'drop-untrusted'],
  ['x-remote-user', 'drop-untrusted'],
  ['x-authenticated-user', 'drop-untrusted'],
  // Some frameworks route by these instead of the path that was matched.
  ['x-original-url', 'drop'],
  ['x-original-uri', 'drop'],
  ['x-rewrite-url', 'drop'],
  // A read that these turn into a write would pass a hold.
  ['x-http-method-override', 'override'],
  ['x-http-method', 'override'],
  ['x-method-override', 'override'],
  ['host', 'host'],
  ['content-length', 'length'],
  ['authorization', 'single'],
  ['content-type', 'single'],
  ['via', 'via'],
]);

/** By the name as it was spelled, so that a name is lower-cased once and not with each request. Bounded. */
const bySpelling = new Map<string, Action>();

function actionOf(spelled: string): Action {
  const known = bySpelling.get(spelled);
  if (known !== undefined) return known;
  // CGI and WSGI cannot tell `_` from `-`: X_Forwarded_For would arrive as X-Forwarded-For.
  const name = spelled.toLowerCase().replaceAll('_', '-');
  const action =
    actions.get(name) ??
    (name.startsWith('matapalo-') ? 'drop' : name.startsWith('x-forwarded-') ? 'drop-untrusted' : 'pass');
  if (bySpelling.size < 2_000) bySpelling.set(spelled, action);
  return action;
}

const readMethods = new Set(['GET', 'HEAD', 'OPTIONS']);
const pseudonym = 'matapalo';
/** More passages through one kind of proxy than any deployment has. */
const maxPassages = 8;

/** The client's headers without what is not theirs to say, then ours. A flat list of names and values. */
export function requestHeaders(request: IncomingMessage, peer: Peer, additions: Additions): Built {
  const raw = request.rawHeaders;
  const incoming = request.headers;
  const out: string[] = [];
  const named = namedByConnection(incoming.connection);
  let host: string | undefined;
  let via = `1.1 ${pseudonym}`;
  let seenAuthorization = false;
  let seenContentType = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? '';
    const value = raw[i + 1] ?? '';
    const action = actionOf(name);
    if (action === 'pass') {
      if (named === undefined || !named.has(name.toLowerCase())) out.push(name, value);
    } else if (action === 'host') {
      if (host !== undefined) return { refused: 'There is more than one Host header.' };
      host = value;
      out.push('host', value);
    } else if (action === 'length') {
      if (incoming['transfer-encoding'] === undefined) out.push('content-length', value);
    } else if (action === 'single') {
      const isAuthorization = name.length === 13;
      if (isAuthorization ? seenAuthorization : seenContentType) {
        return {
          refused: `There is more than one ${isAuthorization ? 'Authorization' : 'Content-Type'} header.`,
        };
      }
      if (isAuthorization) seenAuthorization = true;
      else seenContentType = true;
      out.push(name, value);
    } else if (action === 'via') {
      if (value.split(pseudonym).length > maxPassages)
        return { refused: 'The request runs in a loop (Via).' };
      via = `${value}, ${via}`;
    } else if (action === 'override') {
      if (!readMethods.has(request.method ?? '')) out.push(name, value);
    } else if (action === 'drop-untrusted' && peer.isTrusted) out.push(name, value);
  }
  pushForwarded(out, request, peer, host);
  const trace = traceOf(single(incoming['traceparent']));
  out.push('via', via, 'x-request-id', additions.requestId, 'traceparent', trace.value);
  const state = single(incoming['tracestate']);
  if (trace.continues && state !== undefined) out.push('tracestate', state);
  if (additions.epoch !== undefined) out.push(names.epoch, additions.epoch);
  if (additions.parent !== undefined) out.push(names.parent, additions.parent);
  return { headers: out };
}

function pushForwarded(out: string[], request: IncomingMessage, peer: Peer, host: string | undefined): void {
  const incoming = request.headers;
  const trusted = peer.isTrusted;
  const before = trusted ? single(incoming['x-forwarded-for']) : undefined;
  out.push('x-forwarded-for', before === undefined ? peer.address : `${before}, ${peer.address}`);
  const proto = trusted ? single(incoming['x-forwarded-proto']) : undefined;
  out.push('x-forwarded-proto', proto ?? (peer.isEncrypted ? 'https' : 'http'));
  const forwardedHost = (trusted ? single(incoming['x-forwarded-host']) : undefined) ?? host;
  if (forwardedHost !== undefined) out.push('x-forwarded-host', forwardedHost);
}

/** Names that the sender's Connection header makes hop-by-hop. Undefined for the usual values. */
export function namedByConnection(value: string | undefined): Set<string> | undefined {
  if (value === undefined || value === 'keep-alive' || value === 'close' || value === 'Keep-Alive')
    return undefined;
  return new Set(value.split(',').map((name) => name.trim().toLowerCase()));
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
