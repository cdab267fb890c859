import { MatapaloError } from '#kernel/errors.ts';
import { sourceSide, type Direction } from '#plan/phase.ts';
import type { BeatSeen } from './checkpoint.ts';

/**
 * Follows the beats of a stream: which of its changes count (only those written while the source owned the group), and that no
 * beat is missing.
 */
export class OwnershipGate {
  readonly #direction: Direction;
  #beat: BeatSeen | undefined;
  /** Changes that were left out because the source did not own the group when it wrote them. */
  ignored = 0;

  constructor(direction: Direction, beat: BeatSeen | undefined) {
    this.#direction = direction;
    this.#beat = beat;
  }

  /** Before any beat the legacy side owns: that is how every group begins. */
  get open(): boolean {
    return (this.#beat?.owner ?? 'legacy') === sourceSide(this.#direction);
  }

  /** Throws `group-stopped` at a gap: something between the two beats was lost, or written by hand. */
  pass(beat: BeatSeen): void {
    const before = this.#beat;
    // A log may hold the same change twice.
    if (before !== undefined && sameBeat(before, beat)) return;
    if (before !== undefined && (beat.n !== before.n + 1n || beat.epoch < before.epoch)) {
      throw new MatapaloError(
        'group-stopped',
        `Beat ${beat.n} (epoch ${beat.epoch}) follows beat ${before.n} (epoch ${before.epoch}): the stream has a gap.`,
        { hint: 'Changes may be missing. Run `matapalo resync` for the group.' },
      );
    }
    this.#beat = beat;
  }
}

function sameBeat(a: BeatSeen, b: BeatSeen): boolean {
  return a.n === b.n && a.epoch === b.epoch && a.owner === b.owner && a.at.getTime() === b.at.getTime();
}
