import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  rawHeaders: string[];
  body: string;
}

export interface UpstreamServer {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Requests in order of arrival, with their bodies. */
  readonly seen: Seen[];
  /** Replaces how requests are answered. */
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  close(): Promise<void>;
}

/** A real server that says who it is and remembers what it was asked. */
export async function startUpstream(name: string): Promise<UpstreamServer> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined);
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { method = '', url = '', headers, rawHeaders } = request;
      seen.push({ method, url, headers, rawHeaders, body });
      upstream.answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const upstream: UpstreamServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    seen,
    answer: (_request, response) => {
      const text = JSON.stringify({ side: name });
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
      response.end(text);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return upstream;
}
