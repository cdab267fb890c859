import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import type { KeyRing } from '../auth/keys.ts';
import { accessTokenSeconds, type Tokens } from '../auth/tokens.ts';
import { bind } from '../http/bind.ts';
import { readForm } from '../http/read-form.ts';
import { authenticateClient, grantedScope } from './clients.ts';
import { introspect } from './introspect.ts';
import { revoke } from './sessions.ts';

interface Issuer {
  name: string;
  publicUrl: string;
}

interface TokenBody {
  scope?: string;
  client_id?: string;
  client_secret?: string;
}

export function oauthRoutes(
  app: FastifyInstance,
  db: DataSource,
  ring: KeyRing,
  tokens: Tokens,
  issuer: Issuer,
): void {
  const metadata = {
    issuer: issuer.name,
    jwks_uri: `${issuer.publicUrl}/.well-known/jwks.json`,
    token_endpoint: `${issuer.publicUrl}/oauth/token`,
    introspection_endpoint: `${issuer.publicUrl}/oauth/introspect`,
    revocation_endpoint: `${issuer.publicUrl}/oauth/revoke`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    response_types_supported: [],
    id_token_signing_alg_values_supported: ['ES256'],
  };
  bind(app, 'getIssuerMetadata', async () => metadata);
  bind(app, 'getOpenidConfiguration', async () => metadata);
  bind(app, 'getJwks', async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').send(ring.keys.publicJwks),
  );

  // Forms are taken by these two operations only.
  void app.register(async (forms) => {
    forms.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, readForm);

    bind<{ Body: TokenBody }>(forms, 'issueClientToken', async (request, reply) => {
      const client = await authenticateClient(db.manager, request, request.body);
      const scope = grantedScope(client, request.body.scope);
      const token = await tokens.issue({ subject: client.id, roles: [], scope });
      return reply
        .header('cache-control', 'no-store')
        .send({ access_token: token, token_type: 'Bearer', expires_in: accessTokenSeconds, scope });
    });

    bind<{ Body: TokenBody & { token: string } }>(forms, 'introspect', async (request, reply) => {
      await authenticateClient(db.manager, request, request.body);
      return reply
        .header('cache-control', 'no-store')
        .send(await introspect(db.manager, tokens, issuer.name, request.body.token));
    });

    bind<{ Body: TokenBody & { token: string } }>(forms, 'revoke', async (request, reply) => {
      await authenticateClient(db.manager, request, request.body);
      await revoke(db, tokens, request.body.token);
      return reply.code(200).send();
    });
  });
}
