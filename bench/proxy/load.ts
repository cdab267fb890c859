import autocannon from 'autocannon';

/** Load from a process of its own: nine reads to one write, over kept connections. Prints one JSON line. */
const [, , url = '', seconds = '3', connections = '64'] = process.argv;

const body = JSON.stringify({ name: 'A product', price: '12.90' });
const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  requests: Array.from({ length: 10 }, (_, i) =>
    i === 9
      ? {
          method: 'POST' as const,
          path: '/api/orders',
          headers: { 'content-type': 'application/json', authorization: 'Bearer a.b.c' },
          body,
        }
      : {
          method: 'GET' as const,
          path: `/api/products/${i}?page=1`,
          headers: { accept: 'application/json', cookie: `matapalo_client=client-number-${i}; other=1` },
        },
  ),
});
process.stdout.write(
  `${JSON.stringify({
    requestsPerSecond: result.requests.total / result.duration,
    requests: result.requests.total,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.errors + result.timeouts + result.non2xx,
  })}\n`,
);
