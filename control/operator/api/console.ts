import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';

const files = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/console.css', 'console.css', 'text/css; charset=utf-8'],
  ['/console.js', 'console.js', 'text/javascript; charset=utf-8'],
] as const;

/** The web console: three static files that speak to the API like any other client. */
export async function serveConsole(app: FastifyInstance): Promise<void> {
  for (const [url, file, type] of files) {
    const content = await readFile(new URL(`../../console/${file}`, import.meta.url), 'utf8');
    app.get(url, async (_request, reply) =>
      reply
        .type(type)
        .header(
          'content-security-policy',
          "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        )
        .header('x-frame-options', 'DENY')
        .header('referrer-policy', 'no-referrer')
        .send(content),
    );
  }
}
