/** How an exchange can fail on the server's side. */
export type UpstreamFailure = 'unreachable' | 'broken' | 'timed-out';

/** What requests have shown about one server behind: nobody is asked for it, so it costs nothing. */
export class UpstreamHealth {
  readonly failures: Record<UpstreamFailure, number> = { unreachable: 0, broken: 0, 'timed-out': 0 };
  /** False from an exchange without an answer until the next one with an answer. */
  answers = true;

  failed(failure: UpstreamFailure): void {
    this.failures[failure]++;
    this.answers = false;
  }
}
