import { row, sqlState, type Sql } from '../db/sql.ts';

export type Group = 'users' | 'catalogue' | 'orders' | 'support';
export type Owner = 'legacy' | 'service';

const undefinedTable = '42P01';
const undefinedSchema = '3F000';

/**
 * Who owns a module's tables now. The view is made by whoever moves the module; without it, or without a row, the
 * monolith owns its data. Asked afresh in each unit of work: an answer from the unit before may be out of date.
 */
export function createOwnership(db: Sql) {
  let viewSeen = false;

  return async function ownerOf(group: Group): Promise<Owner> {
    if (!viewSeen) {
      const view = await row<{ present: boolean }>(
        db,
        `select to_regclass('matapalo.owner') is not null as present`,
      );
      if (view?.present !== true) return 'legacy';
      viewSeen = true;
    }
    try {
      const found = await row<{ owner: string }>(
        db,
        'select owner from matapalo.owner where group_name = $1',
        [group],
      );
      return found?.owner === 'service' ? 'service' : 'legacy';
    } catch (error) {
      const state = sqlState(error);
      if (state !== undefinedTable && state !== undefinedSchema) throw error;
      viewSeen = false;
      return 'legacy';
    }
  };
}

export type OwnerOf = ReturnType<typeof createOwnership>;
