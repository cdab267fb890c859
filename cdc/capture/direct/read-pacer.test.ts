import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ReadPacer } from './read-pacer.ts';

const open: { destroy?(): unknown; close?(): unknown }[] = [];
afterEach(() => {
  for (const item of open.splice(0)) {
    item.destroy?.();
    item.close?.();
  }
});

async function pair(): Promise<{ sender: Socket; reader: Socket }> {
  const server = createServer({ noDelay: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [sender] = await accepted;
  open.push(server, sender, reader);
  return { sender, reader };
}

/** One write a row, as a walsender does, without waiting. */
function writeRows(sender: Socket, from: number, count: number): void {
  for (let n = from; n < from + count; n++) {
    const row = Buffer.alloc(200, 1);
    row.writeUInt32BE(n, 0);
    sender.write(row);
  }
}

describe('reading a walsender', () => {
  it('hands over every byte in order, whatever was paused in between, and the end', async () => {
    const { sender, reader } = await pair();
    const pacer = new ReadPacer(reader);
    const seen: Buffer[] = [];
    let reads = 0;
    reader.on('data', (chunk: Buffer) => {
      seen.push(chunk);
      pacer.afterRead(chunk.length);
      if (++reads % 5 === 0) {
        pacer.pause();
        setTimeout(() => pacer.resume(), 1);
      }
    });
    const rows = 40_000;
    for (let n = 0; n < rows; n += 100) {
      writeRows(sender, n, 100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    sender.end();
    await once(reader, 'end');
    const bytes = Buffer.concat(seen);
    expect(bytes.length).toBe(rows * 200);
    for (let n = 0; n < rows; n++) expect(bytes.readUInt32BE(n * 200)).toBe(n);
  });

  it('reads nothing more while it is paused', async () => {
    const { sender, reader } = await pair();
    const pacer = new ReadPacer(reader);
    let bytes = 0;
    reader.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      pacer.afterRead(chunk.length);
      pacer.pause();
    });
    writeRows(sender, 0, 1);
    while (bytes === 0) await new Promise((resolve) => setImmediate(resolve));
    const before = bytes;
    const written = new Promise((resolve) => sender.write(Buffer.alloc(100), resolve));
    await written;
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(bytes).toBe(before);
    pacer.resume();
    while (bytes === before) await new Promise((resolve) => setImmediate(resolve));
    expect(bytes).toBe(before + 100);
  });

  it('sees the end of a connection that was paused, once it is closed', async () => {
    const { sender, reader } = await pair();
    const pacer = new ReadPacer(reader);
    reader.on('data', (chunk: Buffer) => {
      pacer.afterRead(chunk.length);
      pacer.pause();
    });
    writeRows(sender, 0, 1);
    await once(reader, 'data');
    sender.end();
    pacer.close();
    await once(reader, 'end');
  });
});
