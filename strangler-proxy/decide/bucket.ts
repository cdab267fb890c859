const buckets = 10_000;

/**
 * A client's place among 10,000. Stable over restarts, proxies and percentages, so that raising the percentage only adds
 * clients and no client goes back and forth. FNV-1a with murmur's finaliser, because FNV's low bits alone are uneven.
 */
export function bucketOf(client: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < client.length; i++) hash = Math.imul(hash ^ client.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % buckets;
}

export function inCanary(client: () => string, percent: number): boolean {
  if (percent <= 0) return false;
  return percent >= 100 || bucketOf(client()) < (percent * buckets) / 100;
}
