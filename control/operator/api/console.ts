import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance } from 'fastify';

const files = [
  ['/', 'index.html'],
  ...[
    'console.css',
    'api.js',
    'console.js',
    'element.js',
    'group-card.js',
    'lag-history.js',
    'outlook.js',
  ].map((file) => [`/${file}`, file] as const),
] as const;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** The web console: static files that speak to the API like any other client. */
export async function serveConsole(app: FastifyInstance): Promise<void> {
  for (const [url, file] of files) {
    const content = await readFile(new URL(`../../console/${file}`, import.meta.url), 'utf8');
    app.get(url, async (_request, reply) =>
      reply
        .type(types[extname(file)] ?? 'application/octet-stream')
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
