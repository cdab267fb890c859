/**
 * The sample's services that a start may run. Each has its name for its role, its database and its folder in `services/`
 * and `migrations/`, and finds its group in `strangler.config.ts` by `<NAME>_URL` and `<NAME>_DB`.
 */
export const allServices = ['users', 'catalogue', 'orders', 'support'] as const;
export type ServiceName = (typeof allServices)[number];

/** What tells the configuration where the services are; a group whose service is not named here is not there. */
export function serviceEnv(
  names: readonly ServiceName[],
  ports: Partial<Record<ServiceName, number>>,
  databaseOf: (name: ServiceName) => string,
): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => [
      [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${ports[name]}`],
      [`${name.toUpperCase()}_DB`, databaseOf(name)],
    ]),
  );
}

/** How a service of the sample gets tokens of its own: the sample data knows these clients. */
export const clientEnv = (name: ServiceName): Record<string, string> => ({
  CLIENT_ID: `${name}-service`,
  CLIENT_SECRET: 'service-secret-1',
});
