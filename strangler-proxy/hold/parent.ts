import type { Signer } from '../decide/signer.ts';
import type { Hold } from '../route-table/table.ts';
import type { InFlight } from './in-flight.ts';

/** A write in flight at some proxy, as its calls name it: `<proxy>.<id>.<group>`, signed. */
export interface Parent {
  /** The header's value, handed on unchanged. */
  signed: string;
  proxy: string;
  id: string;
  group: string;
}

export function signParent(signer: Signer, proxy: string, id: string, group: string): string {
  return signer.sign('parent', `${proxy}.${id}.${group}`);
}

export function readParent(signer: Signer, value: string | undefined): Parent | undefined {
  if (value === undefined) return undefined;
  const [proxy, id, group] = signer.verify('parent', value)?.split('.') ?? [];
  if (proxy === undefined || id === undefined || group === undefined) return undefined;
  return { signed: value, proxy, id, group };
}

/**
 * Whether a held group's write must pass, because it is made on behalf of a write that the same hold drains: holding it
 * would keep its parent in flight, and the drain would wait for ever. Our own parents are looked up; another proxy's count as in
 * flight until that proxy has reported its drain. A wrong guess is harmless: the guard refuses a write after the close.
 */
export function isDraining(
  hold: Hold,
  parent: Parent | undefined,
  ownId: string,
  inFlight: InFlight,
  hasDrained: (proxy: string, transition: string) => boolean,
): boolean {
  if (parent === undefined || !hold.affected.includes(parent.group)) return false;
  if (parent.proxy === ownId) return inFlight.groupOf(parent.id) === parent.group;
  return !hasDrained(parent.proxy, hold.transition);
}
