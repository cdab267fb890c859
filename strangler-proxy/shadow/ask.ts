import type { IncomingHttpHeaders } from 'node:http';
import { maxCapturedBytes, type Capture } from '../forward/capture.ts';
import type { Upstream } from '../forward/upstream.ts';
import type { Target } from '../route-table/normalise-target.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const timeoutMs = 10_000;

/** Sends the same safe request again and keeps the answer; throws when there is none, or too much of it. */
export function ask(
  upstream: Upstream,
  request: { target: Target; method: string; headers: readonly string[]; capture: Capture },
  extra: readonly string[] = [],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const answer: Answer = { status: 0, headers: {}, body: Buffer.alloc(0) };
    upstream.dispatch(
      {
        path: request.target.path + request.target.query,
        method: request.method,
        headers: [...request.headers, ...extra],
        body: request.capture.sentBody() ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      },
      {
        onRequestStart: () => undefined,
        onResponseStart(_controller, status, headers) {
          answer.status = status;
          answer.headers = headers;
        },
        onResponseData(controller, chunk) {
          bytes += chunk.length;
          if (bytes > maxCapturedBytes) controller.abort(new Error('The answer is too large to compare.'));
          else chunks.push(chunk);
        },
        onResponseEnd() {
          answer.body = Buffer.concat(chunks);
          resolve(answer);
        },
        onResponseError(_controller, error) {
          reject(error);
        },
      },
    );
  });
}
