import { pino, type Logger } from 'pino';

export type Log = Logger;

/** Structured logs on standard output; `LOG_LEVEL` sets the level (default `info`). */
export function createLog(name: string, level: string = process.env['LOG_LEVEL'] ?? 'info'): Log {
  return pino({
    name,
    level,
    redact: ['req.headers.authorization', 'req.headers.cookie', 'password', 'token'],
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
