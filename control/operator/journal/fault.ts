/**
 * Test hook: `MATAPALO_FAULT=kill:<step>` ends this process with SIGKILL, `stop:<step>` stops it with SIGSTOP, right after the
 * step has been journaled and before its act. Fault tests use it to prove that a crash or a pause at any step is survived.
 */
export function faultAt(step: string, fault: string | undefined = process.env['MATAPALO_FAULT']): void {
  if (fault === `kill:${step}`) process.kill(process.pid, 'SIGKILL');
  if (fault === `stop:${step}`) process.kill(process.pid, 'SIGSTOP');
}
