import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager } from 'typeorm';
import { setTimeout as delay } from 'node:timers/promises';
import { prepared, renameStatements, staleStatement } from './prepared.ts';
import { sqlState } from './sql.ts';

const serializationFailure = '40001';
const deadlock = '40P01';
const attempts = 5;
const open = new AsyncLocalStorage<true>();

/**
 * One unit of work in one READ COMMITTED transaction, rerun whole when PostgreSQL asks for it, or a migration has changed a
 * statement's result. The work must have no
 * effect outside the transaction: no mail, no payment, no call to a port.
 */
export async function unit<T>(db: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open.run(true, () => db.transaction(async (tx) => work(await prepared(tx))));
    } catch (error) {
      const state = sqlState(error);
      if (attempt === attempts) throw error;
      if (state === staleStatement) renameStatements();
      else if (state !== serializationFailure && state !== deadlock) throw error;
      await delay(Math.random() * 10 * 2 ** attempt);
    }
  }
}

/**
 * A call to another module while a transaction is open could wait for a fence that waits for this very transaction. It
 * is a defect of the caller, and stops here rather than there.
 */
export function assertNoTransaction(): void {
  if (open.getStore() === true) throw new Error('A port was called while a transaction was open.');
}
