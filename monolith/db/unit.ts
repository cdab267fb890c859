import type { DataSource, EntityManager } from 'typeorm';
import { setTimeout as delay } from 'node:timers/promises';
import { sqlState } from './sql.ts';

const serializationFailure = '40001';
const deadlock = '40P01';
const attempts = 5;

/**
 * One unit of work in one READ COMMITTED transaction, rerun whole when PostgreSQL asks for it. The work must have no
 * effect outside the transaction: no mail, no payment, no call to a port.
 */
export async function unit<T>(db: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction(work);
    } catch (error) {
      const state = sqlState(error);
      if ((state !== serializationFailure && state !== deadlock) || attempt === attempts) throw error;
      await delay(Math.random() * 10 * 2 ** attempt);
    }
  }
}
