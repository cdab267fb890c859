import { assertNoTransaction } from '../db/unit.ts';
import type { Passage } from '../http/passage.ts';
import { isRefusal } from '../ownership/refusal.ts';
import type { Group, OwnerOf } from '../ownership/owner.ts';

/** Runs one unit of work against a module, wherever the module lives. */
export type InUnit<Port> = <T>(passage: Passage, work: (port: Port) => Promise<T>) => Promise<T>;

/**
 * Who owns the module's tables is asked at the start of each unit. When a local write is refused all the same, the
 * module has moved in between, and the whole unit, its reads included, runs again through the public URLs: reading here
 * and writing there could lose an update.
 */
export function choose<Port>(
  group: Group,
  ownerOf: OwnerOf,
  local: Port,
  remote: (passage: Passage) => Port,
): InUnit<Port> {
  return async (passage, work) => {
    assertNoTransaction();
    if ((await ownerOf(group)) === 'service') return work(remote(passage));
    try {
      return await work(local);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return work(remote(passage));
    }
  };
}
