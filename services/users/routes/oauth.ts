import { readFormBody } from '#kernel/http/form-body.ts';
import type { SchemaTypes } from '#kernel/http/validate.ts';
import { introspect } from '../introspect.ts';
import { accessTokenSeconds } from '../rules/limits.ts';
import { revoke } from '../sign-in.ts';
import { authenticateClient, grantedScope } from './authenticate-client.ts';
import type { UsersApp, UsersContext } from './context.ts';
import { TokenBody, TokenToRead } from './schemas.ts';

/** Keys, discovery (RFC 8414), and what services ask: tokens of their own, and what another's is worth. */
export function oauthRoutes(app: UsersApp, context: UsersContext): void {
  const { source, ring, tokens, issuer, publicUrl } = context;
  const methods = ['client_secret_basic', 'client_secret_post'];
  const metadata = {
    issuer,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    token_endpoint: `${publicUrl}/oauth/token`,
    introspection_endpoint: `${publicUrl}/oauth/introspect`,
    revocation_endpoint: `${publicUrl}/oauth/revoke`,
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: methods,
    introspection_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    response_types_supported: [],
    id_token_signing_alg_values_supported: ['ES256'],
  };
  app.get('/.well-known/oauth-authorization-server', async () => metadata);
  app.get('/.well-known/openid-configuration', async () => metadata);
  app.get('/.well-known/jwks.json', async (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').send(ring.keys.publicJwks),
  );

  // Forms are taken by these operations only.
  void app.register(async (scope) => {
    scope.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, readFormBody);
    const forms = scope.withTypeProvider<SchemaTypes>();

    forms.post('/oauth/token', { schema: { body: TokenBody } }, async (request, reply) => {
      const client = await authenticateClient(source.manager, request, request.body);
      const scope = grantedScope(client, request.body.scope);
      const token = await tokens.issue({ subject: client.id, roles: [], scope });
      return reply
        .header('cache-control', 'no-store')
        .send({ access_token: token, token_type: 'Bearer', expires_in: accessTokenSeconds, scope });
    });

    forms.post('/oauth/introspect', { schema: { body: TokenToRead } }, async (request, reply) => {
      await authenticateClient(source.manager, request, request.body);
      return reply
        .header('cache-control', 'no-store')
        .send(await introspect(source.manager, tokens, issuer, request.body.token));
    });

    forms.post('/oauth/revoke', { schema: { body: TokenToRead } }, async (request, reply) => {
      await authenticateClient(source.manager, request, request.body);
      await revoke(context, request.body.token);
      return reply.code(200).send();
    });
  });
}
