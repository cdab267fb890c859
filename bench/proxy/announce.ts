import type { Server } from 'node:http';

/** Listens on a free port and tells the parent process which; ends when the parent does. */
export function announce(server: Server): void {
  server.listen(0, '127.0.0.1', 4_096, () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) tell(`http://127.0.0.1:${address.port}`);
  });
}

export function tell(url: string): void {
  process.send?.({ url });
  process.once('disconnect', () => process.exit(0));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
  });
}
