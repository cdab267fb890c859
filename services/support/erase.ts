import type { DataSource } from 'typeorm';
import { ownerNow, type Ownership } from '#kernel/db/ownership.ts';
import type { Write } from '#kernel/db/unit-of-work.ts';
import { eraseCustomer, openErasures } from './store/erase.ts';

/**
 * Erases what ended accounts have left. That an account ended is noted by each side; the words are erased by the side that owns
 * them, whenever it comes to own them. Idles while another side does.
 */
export async function eraseEnded(
  source: DataSource,
  ownership: Ownership,
  write: Write,
  signal: AbortSignal,
): Promise<void> {
  if ((await ownerNow(source.manager, ownership)) !== 'us') return;
  for (const customerId of await openErasures(source.manager)) {
    if (signal.aborted) return;
    await write((sql) => eraseCustomer(sql, customerId));
  }
}
