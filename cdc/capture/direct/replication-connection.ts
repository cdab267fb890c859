import type { Socket } from 'node:net';
import pg from 'pg';
import { MatapaloError } from '#kernel/errors.ts';
import { int32At } from '../tuple.ts';
import { FrameSplitter } from './frames.ts';
import { formatLsn } from './objects.ts';
import { ReadPacer } from './read-pacer.ts';

/** The parts of pg's connection that are used below; its types do not have them. */
interface WireConnection {
  stream: Socket;
  query(text: string): void;
}

const copyData = 0x64;
const xLogData = 0x77;
const keepalive = 0x6b;
const positionAt = (bytes: Buffer, at: number) =>
  (int32At(bytes, at) >>> 0) * 0x1_0000_0000 + (int32At(bytes, at + 4) >>> 0);

/** Microseconds from 1970 to PostgreSQL's epoch, 2000. */
export const postgresEpochMicros = 946_684_800_000_000n;

export interface StreamHandler {
  /** A logical decoding message lies in `bytes` from `start` to `end`. */
  message(bytes: Buffer, start: number, end: number): void;
  /** All that one read of the socket brought has been handed over. */
  drained(): void;
  ended(error: unknown): void;
}

export interface SystemIdentity {
  system: string;
  timeline: number;
}

/**
 * One connection in the replication protocol. After `stream` its CopyData messages bypass pg's parser (which moves bytes
 * that it has already handed out); everything else still goes through it, so that errors arrive as errors.
 */
export class ReplicationConnection {
  readonly #client: pg.Client;
  #handler: StreamHandler | undefined;
  /** A number, exact up to 2^53 bytes of WAL: a bigint for every row would be work for the garbage collector. */
  #received = 0;
  #flushed = 0n;
  #timer: NodeJS.Timeout | undefined;
  #pacer: ReadPacer | undefined;
  #ended = false;

  constructor(url: string, name: string) {
    const config: pg.ClientConfig & { replication: string } = {
      connectionString: url,
      application_name: name,
      keepAlive: true,
      connectionTimeoutMillis: 10_000,
      // Values are sent as text: it must read the same on the other server.
      options:
        '-c timezone=UTC -c datestyle=ISO,YMD -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=1 -c client_encoding=UTF8',
      replication: 'database',
    };
    this.#client = new pg.Client(config);
    this.#client.on('error', (error) => this.#end(error));
    this.#client.on('end', () => this.#end(new Error('Connection terminated by the source')));
  }

  async connect(): Promise<SystemIdentity> {
    await this.#client.connect();
    const { rows } = await this.#client.query<{ systemid: string; timeline: number }>('IDENTIFY_SYSTEM');
    const row = rows[0];
    if (row === undefined) throw new MatapaloError('internal', 'IDENTIFY_SYSTEM answered nothing.');
    return { system: String(row.systemid), timeline: Number(row.timeline) };
  }

  /** Begins streaming; resolves once the server has agreed. */
  async stream(slot: string, publication: string, from: bigint, handler: StreamHandler): Promise<void> {
    const wire = (this.#client as unknown as { connection: WireConnection }).connection;
    const socket = wire.stream;
    const toPg = socket.listeners('data') as ((chunk: Buffer) => void)[];
    socket.removeAllListeners('data');
    let agreed: (() => void) | undefined;
    let refused: ((error: unknown) => void) | undefined;
    const started = new Promise<void>((resolve, reject) => {
      agreed = resolve;
      refused = reject;
    });
    const splitter = new FrameSplitter((type, bytes, start, end) => {
      if (type === copyData) this.#copyData(bytes, start, end);
      // CopyBothResponse
      else if (type === 0x57) agreed?.();
      else for (const listener of toPg) listener(Buffer.from(bytes.subarray(start - 5, end)));
    });
    this.#received = Number(from);
    this.#flushed = from;
    this.#handler = {
      message: (bytes, start, end) => handler.message(bytes, start, end),
      drained: () => handler.drained(),
      ended: (error) => {
        refused?.(error);
        handler.ended(error);
      },
    };
    const pacer = new ReadPacer(socket);
    this.#pacer = pacer;
    socket.on('data', (chunk: Buffer) => {
      try {
        splitter.push(chunk);
        this.#handler?.drained();
        pacer.afterRead(chunk.length);
      } catch (error) {
        this.#end(error);
        socket.destroy();
      }
    });
    wire.query(
      `START_REPLICATION SLOT "${slot}" LOGICAL ${formatLsn(from)} (proto_version '2', publication_names '"${publication}"', origin 'none', messages 'false')`,
    );
    await started;
    this.#timer = setInterval(() => this.#sendStatus(false), 5_000);
    this.#timer.unref();
  }

  #copyData(bytes: Buffer, start: number, end: number): void {
    const type = bytes[start];
    if (type === xLogData) {
      // int64 start of the data, int64 end of WAL, int64 time
      const lsn = positionAt(bytes, start + 1);
      if (lsn > this.#received) this.#received = lsn;
      this.#handler?.message(bytes, start + 25, end);
    } else if (type === keepalive) {
      const walEnd = positionAt(bytes, start + 1);
      if (walEnd > this.#received) this.#received = walEnd;
      if (bytes[start + 17] === 1) this.#sendStatus(false);
    }
  }

  /** Tells the source that all up to `lsn` is safe in the target. */
  acknowledge(lsn: bigint): void {
    if (lsn <= this.#flushed) return;
    this.#flushed = lsn;
    this.#sendStatus(false);
  }

  #sendStatus(replyWanted: boolean): void {
    const socket = (this.#client as unknown as { connection: WireConnection }).connection.stream;
    if (this.#ended || !socket.writable) return;
    const status = Buffer.alloc(5 + 34);
    status[0] = copyData;
    status.writeInt32BE(4 + 34, 1);
    status[5] = 0x72;
    const received = this.#received > this.#flushed ? BigInt(this.#received) : this.#flushed;
    status.writeBigUInt64BE(received, 6);
    status.writeBigUInt64BE(this.#flushed, 14);
    status.writeBigUInt64BE(this.#flushed, 22);
    status.writeBigInt64BE(BigInt(Date.now()) * 1_000n - postgresEpochMicros, 30);
    status[38] = replyWanted ? 1 : 0;
    socket.write(status);
  }

  pause(): void {
    this.#pacer?.pause();
  }

  resume(): void {
    this.#pacer?.resume();
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#pacer?.close();
    this.#handler?.ended(error);
  }

  async close(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    this.#handler = undefined;
    this.#pacer?.close();
    const socket = (this.#client as unknown as { connection: WireConnection }).connection.stream;
    // A stream is not ended politely: the server would first have to read our Terminate between two rows.
    await Promise.race([
      this.#client.end().catch(() => undefined),
      new Promise<void>((resolve) => setTimeout(resolve, 200).unref()),
    ]);
    socket.destroy();
  }
}
