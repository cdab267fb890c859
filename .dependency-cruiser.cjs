/**
 * Which way imports may point:
 *   kernel <- plan <- guard <- preflight <- operator;  plan <- { strangler-proxy, cdc };  guard <- cdc
 * The sample (monolith, services, strangler.config.ts) is unknown to the tool; the monolith knows nothing here.
 * Each rule has a bad fixture in test/boundaries/fixtures that must trip it.
 */
const tool = '^(kernel|control|strangler-proxy|cdc|bin)/';
// Tests, and what only tests use.
const notTests = { pathNot: '(\\.test|-fixture)\\.ts$' };

module.exports = {
  forbidden: [
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'kernel-knows-nothing',
      severity: 'error',
      from: { path: '^kernel/', ...notTests },
      to: { path: '^(control|strangler-proxy|cdc|bin|stack|monolith|services|migrations|test|bench)/' },
    },
    {
      name: 'plan-knows-kernel',
      severity: 'error',
      from: { path: '^control/plan/' },
      to: { path: '^(control/(?!plan/)|strangler-proxy|cdc|bin|stack)/?' },
    },
    {
      name: 'guard-knows-plan',
      severity: 'error',
      from: { path: '^control/guard/', ...notTests },
      to: { path: '^(control/(?!plan/|guard/)|strangler-proxy|cdc|bin|stack)/?' },
    },
    {
      name: 'preflight-knows-guard',
      severity: 'error',
      from: { path: '^control/preflight/', ...notTests },
      to: { path: '^(control/(?!plan/|guard/|preflight/)|strangler-proxy|cdc|bin|stack)/?' },
    },
    {
      name: 'proxy-knows-plan',
      severity: 'error',
      from: { path: '^strangler-proxy/', ...notTests },
      to: { path: '^(control/(?!plan/)|cdc|bin|stack)/?' },
    },
    {
      name: 'cdc-knows-guard',
      severity: 'error',
      from: { path: '^cdc/', ...notTests },
      to: { path: '^(control/(?!plan/|guard/)|strangler-proxy|bin|stack)/?' },
    },
    {
      name: 'operator-knows-preflight',
      severity: 'error',
      from: { path: '^control/operator/', ...notTests },
      to: { path: '^(strangler-proxy|cdc|stack)/' },
    },
    {
      name: 'cli-speaks-http',
      severity: 'error',
      from: { path: '^(control/operator/cli/|control/console/)', ...notTests },
      to: {
        path: '^(control/(operator/(?!cli/)|guard/)|strangler-proxy|cdc|stack)/?',
        // `preflight` alone works without an operator: from the configuration and the databases.
        pathNot: '^control/operator/(databases|maintenance/preflight)\\.ts$',
      },
    },
    {
      name: 'tool-is-generic',
      severity: 'error',
      from: { path: tool },
      to: { path: '^(monolith|services|migrations/(?!control/)|strangler\\.config\\.ts)' },
    },
    {
      name: 'tool-needs-no-stack',
      severity: 'error',
      from: { path: tool, ...notTests },
      to: { path: '^(stack|test|bench)/' },
    },
    {
      name: 'monolith-is-foreign',
      severity: 'error',
      from: { path: '^(monolith|migrations/monolith)/', ...notTests },
      to: { path: '^(kernel|control|strangler-proxy|cdc|bin|stack|services|test|bench)/' },
    },
    {
      name: 'services-know-kernel',
      severity: 'error',
      from: { path: '^services/[^/]+/', ...notTests },
      to: {
        path: '^(control|strangler-proxy|cdc|bin|stack|monolith|test|bench)/',
        pathNot: '^control/plan/',
      },
    },
    {
      name: 'plan-only-in-mapping',
      severity: 'error',
      from: { path: '^services/[^/]+/(?!mapping/)' },
      to: { path: '^control/plan/' },
    },
    {
      name: 'services-are-apart',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'auditor-is-independent',
      severity: 'error',
      from: { path: '^stack/demo/auditor/' },
      to: { path: '^(cdc|control)/' },
    },
    {
      name: 'kafka-behind-one-seam',
      severity: 'error',
      from: { pathNot: '^cdc/(capture|connect)/' },
      to: { path: 'node_modules/kafkajs' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.matapalo)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
};
