import { met, unmet, warned, type Gate } from './gate.ts';

export interface ProxyEvidence {
  id: string;
  version: bigint;
  configHash: string;
}

/** Pure. */
export function judgeProxies(proxies: readonly ProxyEvidence[], version: bigint, hash: string) {
  if (proxies.length === 0)
    return warned('no proxy is running', 'Clients must come through a proxy: start one.');
  const behind = proxies.filter((proxy) => proxy.version !== version);
  const foreign = proxies.filter((proxy) => proxy.configHash !== hash);
  if (foreign.length > 0) {
    return unmet(
      `${foreign.map((proxy) => proxy.id).join(', ')} run with another configuration`,
      'Restart proxies and operator with the same strangler.config.ts.',
    );
  }
  if (behind.length > 0) {
    return unmet(
      `${behind.map((proxy) => `${proxy.id} at version ${proxy.version}`).join(', ')}, not at ${version}`,
      'matapalo doctor',
    );
  }
  return met(`${proxies.length} live at route version ${version}, same configuration`);
}

export const proxiesGate: Gate = {
  name: 'proxies',
  kinds: ['shadow', 'canary', 'switch', 'rollback'],
  check: async ({ op }) => {
    const live = await op.control.query<{ id: string; version: string; config_hash: string }>(
      'select id, version::text, config_hash from proxy where lease_until > now() order by id',
    );
    const { rows } = await op.control.query<{ version: string }>('select version::text from route_version');
    return judgeProxies(
      live.rows.map((row) => ({ id: row.id, version: BigInt(row.version), configHash: row.config_hash })),
      BigInt(rows[0]?.version ?? 0),
      op.plan.hash,
    );
  },
};
