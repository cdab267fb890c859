import { setTimeout as delay } from 'node:timers/promises';
import { MatapaloError } from '#kernel/errors.ts';
import type { Client } from './client.ts';
import { ms, type Output } from './print.ts';

export interface TransitionView {
  id: string;
  group: string;
  kind: string;
  state: 'running' | 'done' | 'undone' | 'failed';
  toPhase: string;
  reason?: string;
  predictedPauseMs?: number;
  measured?: { pauseMs?: number; heldRequests?: number };
  journal: { seq: number; step: string; at: string }[];
}

export interface JobView {
  id: string;
  kind: string;
  state: 'queued' | 'running' | 'done' | 'failed';
  progress?: unknown;
  result?: unknown;
}

/** Waits for a transition and tells its steps as they are journaled. An operator that goes away is waited for: the next one ends it. */
export async function followTransition(
  client: Client,
  id: string,
  tell: (line: string) => void,
  patienceMs = 60_000,
): Promise<TransitionView> {
  let seen = 0;
  let lostAt: number | undefined;
  for (let first = true; ; first = false) {
    let view: TransitionView;
    try {
      view = await client.get<TransitionView>(`/api/transitions/${id}?waitMs=${first ? 0 : 500}`);
      lostAt = undefined;
    } catch (error) {
      if (!(error instanceof MatapaloError)) throw error;
      lostAt ??= Date.now();
      if (Date.now() - lostAt > patienceMs) throw error;
      await delay(250);
      continue;
    }
    for (const entry of view.journal) {
      if (entry.seq <= seen) continue;
      seen = entry.seq;
      tell(`  ${entry.at.slice(11, 23)}  ${entry.step}`);
    }
    if (view.state !== 'running') return view;
    // Another operator may run it: then the question is answered at once.
    await delay(50);
  }
}

export function tellEnd(view: TransitionView, output: Output): void {
  if (view.state !== 'done') {
    output.line(
      `${view.kind} of ${view.group} was ${view.state}: ${view.reason ?? 'no reason was written down'}`,
    );
    return;
  }
  const pause =
    view.measured?.pauseMs === undefined
      ? ''
      : `, paused ${ms(view.measured.pauseMs)} (predicted ${ms(view.predictedPauseMs)}), ${view.measured.heldRequests ?? 0} requests held`;
  output.line(`${view.group} is ${view.toPhase}${pause}.`);
}

/** Waits for the cdc worker's work. */
export async function followJob(client: Client, id: string, tell: (line: string) => void): Promise<JobView> {
  let told = '';
  for (;;) {
    const job = await client.get<JobView>(`/api/jobs/${id}`);
    const progress = job.progress === null || job.progress === undefined ? '' : JSON.stringify(job.progress);
    if (progress !== told) tell(`  ${job.state} ${progress}`);
    told = progress;
    if (job.state === 'done' || job.state === 'failed') return job;
    await delay(250);
  }
}
