import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import type { Dispatcher } from 'undici';
import { headers as names } from '#plan/names.ts';
import { answers, failureOf, isConnectFailure, problemOfFailure, sendProblem } from './answers.ts';
import { BodyFeed } from './body-feed.ts';
import type { Capture } from './capture.ts';
import { responseHeaders } from './response-headers.ts';
import type { Instance } from './instances.ts';
import type { RetryBudget, Upstream } from './upstream.ts';

/** Answers up to this size, in one piece from the upstream, go out in one write with their head; so do requests' bodies. */
const maxWholeBytes = 16 * 1024;

/** What a server says, or a load balancer before it, when it has not taken the request at all. */
const unserved = new Set([502, 503]);

type Controller = Dispatcher.DispatchController;

export interface ExchangeOptions {
  request: IncomingMessage;
  response: ServerResponse;
  upstream: Upstream;
  /** Normalised path with its query. */
  target: string;
  headers: string[];
  requestId: string;
  timeoutMs: number | undefined;
  maxBodyBytes: number;
  expectsContinue: boolean;
  /** A write is sent once, whatever its method. */
  writes: boolean;
  retries: RetryBudget;
  capture: Capture | undefined;
  /** Before the client learns the answer: cookies to add, and what has to be done first. */
  beforeAnswer: (() => BeforeAnswer | undefined) | undefined;
  /** Once, at the end. `status` is what the client got; 499 when it left before. */
  onEnd: (status: number, refused: boolean) => void;
}

export interface BeforeAnswer {
  cookies: readonly string[];
  wait: Promise<void> | undefined;
}

/**
 * One request and its answer, streamed both ways with back-pressure and nothing kept. Writes are sent once; a read whose
 * connection failed before anything came back is sent once more, within the budget; so is one that an instance could not serve
 * (502, 503), where there is another to ask.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  #instance: Instance | undefined;
  #controller: Controller | undefined;
  #ended = false;
  #clientLeft = false;
  #discarding = false;
  #retried = false;
  /** What comes is not for the client: another instance will be asked once it has ended. */
  #passingOver = false;
  #bodyBytes = 0;
  #status = 0;
  /** Content-length of an answer that is small enough to go out with its head. */
  #wholeLength = -1;
  #whole: string | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    // Emitted once: `once` would cost a removal.
    options.response.on('close', () => this.#onClose());
  }

  start(): void {
    const { request, response, expectsContinue } = this.#options;
    const length = request.headers['content-length'];
    if (request.headers['transfer-encoding'] !== undefined) {
      if (expectsContinue) response.writeContinue();
      this.#send(new BodyFeed(request));
    } else if (length === undefined || length === '0') {
      this.#send(null);
    } else if (expectsContinue) {
      response.writeContinue();
      this.#send(new BodyFeed(request));
    } else if (Number(length) > maxWholeBytes) this.#send(new BodyFeed(request));
    // The parser is still in the middle of what the socket has read: a small body is there once it has ended.
    else process.nextTick(() => this.#sendSmall());
  }

  /** A body that is there is sent as it is; for one that is still to come a feed is made. */
  #sendSmall(): void {
    if (this.#ended) return;
    const { request } = this.#options;
    const whole: unknown = request.complete ? request.read() : undefined;
    this.#send(Buffer.isBuffer(whole) ? whole : new BodyFeed(request));
  }

  #send(body: Buffer | BodyFeed | null): void {
    const { request, upstream, target, headers, timeoutMs } = this.#options;
    const instance = upstream.instances.pick(this.#instance);
    this.#instance = instance;
    try {
      instance.dispatch(
        {
          path: instance.prefix + target,
          method: request.method ?? 'GET',
          headers,
          body,
          ...(timeoutMs === undefined ? {} : { headersTimeout: timeoutMs }),
        },
        this,
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    if (this.#clientLeft) controller.abort(new Error('The client left.'));
  }

  onBodySent(chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    this.#options.capture?.addSent(chunk);
    if (this.#bodyBytes > this.#options.maxBodyBytes) {
      sendProblem(this.#options.response, answers.tooLarge, this.#options.requestId);
      this.#end(413);
      this.#controller?.abort(new Error('The body is too large.'));
    }
  }

  onResponseStart(controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    // Interim answers are between the upstream and us: the client's own were decided when it asked.
    if (status < 200 || this.#ended) return;
    this.#options.upstream.health.answers = true;
    if (this.#noteAnswer(status, headers)) return;
    this.#status = status;
    const before = this.#options.beforeAnswer?.();
    if (headers[names.refused] !== undefined) {
      this.#discarding = true;
      sendProblem(this.#options.response, answers.notOwner, this.#options.requestId, cookieHeaders(before));
      this.#end(503, true);
      return;
    }
    this.#options.capture?.begin(status, headers);
    if (before?.wait === undefined) {
      this.#writeHead(status, headers, before?.cookies);
      return;
    }
    controller.pause();
    void before.wait.finally(() => {
      this.#writeHead(status, headers, before.cookies);
      controller.resume();
    });
  }

  /** True when the answer is passed over, for another instance may do better. */
  #noteAnswer(status: number, headers: IncomingHttpHeaders): boolean {
    const { instances } = this.#options.upstream;
    const instance = this.#instance;
    if (instance === undefined) return false;
    // A refusal of the guard is a healthy server's, and must be told.
    if (!unserved.has(status) || headers[names.refused] !== undefined) {
      instances.succeeded(instance);
      return false;
    }
    instances.failed(instance, false);
    if (!instances.hasOther(instance) || !this.#isRepeatable() || !this.#options.retries.take()) return false;
    this.#retried = true;
    this.#passingOver = true;
    return true;
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#discarding || this.#ended) return;
    if (this.#passingOver) {
      this.#bodyBytes += chunk.length;
      if (this.#bodyBytes > maxWholeBytes)
        controller.abort(new Error('An answer that is passed over is long.'));
      return;
    }
    this.#options.capture?.add(chunk);
    const { response } = this.#options;
    if (chunk.length === this.#wholeLength) {
      this.#whole = chunk.toString('latin1');
      return;
    }
    if (!response.write(chunk)) {
      controller.pause();
      response.once('drain', () => controller.resume());
    }
  }

  onResponseEnd(): void {
    if (this.#ended) return;
    if (this.#passingOver) {
      this.#passingOver = false;
      this.start();
      return;
    }
    // Head and body as one string are one plain write; as two chunks they are a writev, which costs twice as much.
    if (this.#whole === undefined) this.#options.response.end();
    else this.#options.response.end(this.#whole, 'latin1');
    this.#end(this.#status);
    this.#dropRest();
  }

  /** An upstream that answers before it has read the body: the rest is read and dropped, so that the connection goes on. */
  #dropRest(): void {
    const { request } = this.#options;
    if (request.complete || request.destroyed) return;
    const patience = setTimeout(() => request.destroy(), 10_000).unref();
    finished(request, () => clearTimeout(patience));
    // undici lets go of its feed a moment later, which pauses the request once more.
    setImmediate(() => request.resume());
    request.resume();
  }

  onResponseError(_controller: Controller | undefined, error: Error): void {
    this.#fail(error);
  }

  #writeHead(status: number, headers: IncomingHttpHeaders, cookies: readonly string[] | undefined): void {
    const { response, requestId } = this.#options;
    if (response.headersSent || response.destroyed) return;
    const length = headers['content-length'];
    if (typeof length === 'string' && length.length <= 5 && Number(length) <= maxWholeBytes)
      this.#wholeLength = Number(length);
    response.writeHead(status, responseHeaders(headers, requestId, cookies));
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    if (this.#clientLeft) {
      this.#end(499);
      return;
    }
    const { response, requestId, request, upstream } = this.#options;
    const failure = failureOf(error);
    if (failure !== undefined) {
      upstream.health.failed(failure);
      if (this.#instance !== undefined) upstream.instances.failed(this.#instance, failure === 'unreachable');
    }
    if (this.#passingOver || this.#mayRetry(error)) {
      this.#retried = true;
      this.#passingOver = false;
      this.start();
      return;
    }
    const body = problemOfFailure(error);
    // A write without an answer may have taken effect: its client must not read around it.
    const before = response.headersSent ? undefined : this.#options.beforeAnswer?.();
    this.#end(response.headersSent ? 502 : body.status);
    sendProblem(response, body, requestId, cookieHeaders(before));
    if (!request.complete) finished(response, () => request.destroy());
  }

  /** Whether it may be sent twice at all. */
  #isRepeatable(): boolean {
    const { request, response, writes } = this.#options;
    if (writes || this.#retried || response.headersSent || this.#status !== 0) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    if (request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined)
      return false;
    return true;
  }

  #mayRetry(error: unknown): boolean {
    if (!this.#isRepeatable()) return false;
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    const isBroken = code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
    return (isConnectFailure(error) || isBroken) && this.#options.retries.take();
  }

  #onClose(): void {
    if (this.#ended) return;
    this.#clientLeft = true;
    const controller = this.#controller;
    this.#end(499);
    controller?.abort(new Error('The client left.'));
  }

  #end(status: number, refused = false): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd(status, refused);
  }
}

function cookieHeaders(before: BeforeAnswer | undefined): string[] {
  return (before?.cookies ?? []).flatMap((cookie) => ['set-cookie', cookie]);
}
