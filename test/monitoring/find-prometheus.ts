import { spawnSync } from 'node:child_process';

/** Why what needs Prometheus is left out here; undefined where it can run. In CI its absence is a failure, not a gap. */
export function withoutPrometheus(): string | undefined {
  const missing = ['prometheus', 'promtool'].filter(
    (name) => spawnSync(name, ['--version']).error !== undefined,
  );
  if (missing.length === 0) return undefined;
  const reason = `${missing.join(' and ')} cannot be found: install Prometheus (Debian: apt-get install prometheus)`;
  if (process.env['CI']) throw new Error(reason);
  return reason;
}
