/** Only the groups that are chosen above. */
export const group = 'group=~"$group"';

export const rate = (metric: string, labels = group) => `rate(${metric}{${labels}}[$__rate_interval])`;

export const quantile = (q: number, metric: string, by: string, labels = group) =>
  `histogram_quantile(${q}, sum by (le, ${by}) (${rate(`${metric}_bucket`, labels)}))`;

/** 0 where nothing has been counted yet, for those series that `beside` has. */
export const orZero = (expr: string, beside: string) => `(${expr} or ${beside} * 0)`;
