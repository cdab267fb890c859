import { connect } from 'node:net';

/** Sends bytes as they are and returns all that comes back until the server closes, or nothing more comes. */
export function sendRaw(url: string, bytes: string, quietMs = 300): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let received = '';
    const settle = () => {
      socket.destroy();
      resolve(received);
    };
    socket.setTimeout(quietMs, settle);
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.on('close', settle);
    socket.on('error', (error) => (received === '' ? reject(error) : settle()));
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

export const statusesOf = (received: string): number[] =>
  [...received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => Number(match[1]));
