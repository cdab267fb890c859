import type { DataSource, EntityManager } from 'typeorm';
import { errorCodeOf } from '#kernel/errors.ts';
import { Refusal } from '../rules/refusal.ts';
import { notOwner, type OwnsCatalogue } from './ownership.ts';

export type Write = <T>(work: (manager: EntityManager) => Promise<T>) => Promise<T>;

const attempts = 4;

/**
 * One READ COMMITTED transaction for each unit of work that writes. Ownership is asked before, outside of the
 * transaction; the guard's MP001 inside it means the same. Deadlocks and serialization failures changed nothing, so
 * the work runs again as a whole.
 */
export function createWrite(source: DataSource, owns: OwnsCatalogue): Write {
  return async (work) => {
    if (!(await owns(source.manager))) throw notOwner();
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await source.transaction('READ COMMITTED', work);
      } catch (error) {
        const code = errorCodeOf(error);
        if (code === 'MP001') throw notOwner(error);
        if (code !== '40001' && code !== '40P01') throw error;
        if (attempt < attempts) continue;
        if (code === '40001') throw notOwner(error);
        throw new Refusal('unavailable', 'Too many writers want the same rows; try again.', {}, error);
      }
    }
  };
}
