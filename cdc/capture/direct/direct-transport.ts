import { MatapaloError } from '#kernel/errors.ts';
import { syncName } from '#plan/names.ts';
import type { CheckpointSource } from '../../apply/checkpoint.ts';
import type { Transport } from '../transport.ts';
import { DirectCapture, type SourceIdentity } from './direct-capture.ts';

/** Nothing stands between slot and capture. */
export function directTransport(): Transport {
  return {
    name: 'direct',
    begin: async (_stream, slotAt) => ({ position: { major: slotAt, minor: 0 }, source: {} }),
    keep: () => ({ stop: async () => undefined }),
    open: ({ group, direction, sourceUrl, source, checkpoint }) => {
      const name = syncName(group.name, direction);
      return new DirectCapture({ url: sourceUrl, pool: source, name, source: identityOf(checkpoint, name) });
    },
    remove: async () => undefined,
    close: async () => undefined,
  };
}

function identityOf(source: CheckpointSource, name: string): SourceIdentity | undefined {
  const { transport, system, timeline, slot } = source;
  if (transport !== undefined && transport !== 'direct') {
    throw new MatapaloError(
      'group-stopped',
      `The checkpoint of ${name} was written by the transport ${transport}.`,
      {
        hint: `Set \`transport: '${transport}'\` again, or run \`matapalo resync\` for the group, which begins anew with the transport direct.`,
      },
    );
  }
  if (transport === undefined || system === undefined || timeline === undefined || slot === undefined)
    return undefined;
  return { transport, system, timeline, slot };
}
