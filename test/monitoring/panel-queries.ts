import { readdirSync, readFileSync } from 'node:fs';

interface Panel {
  title: string;
  targets?: { expr: string; refId: string }[];
}

export const files = readdirSync('deploy/grafana/dashboards').filter((name) => name.endsWith('.json'));

/** Of every panel of every dashboard, as shipped. */
export const queries = files.flatMap((file) => {
  const { panels } = JSON.parse(readFileSync(`deploy/grafana/dashboards/${file}`, 'utf8')) as {
    panels: Panel[];
  };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, refId }) => ({ name: `${file}: ${title} ${refId}`, expr })),
  );
});

/** There only with Kafka Connect. */
export const needsConnect = ({ expr }: { expr: string }) => expr.includes('matapalo_connector_state');

/** What Grafana puts in for "all groups" and for a range that fits the scrape interval. */
export const filledIn = (expr: string) =>
  expr.replaceAll('$group', '.*').replaceAll('$__rate_interval', '20s');
