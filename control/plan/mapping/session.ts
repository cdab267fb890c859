/**
 * Settings of every tool session that reads or writes mapped rows, so that text means the same on both servers and no
 * policy or timeout halves a copy silently.
 */
export const toolSession: Readonly<Record<string, string>> = {
  timezone: 'UTC',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  row_security: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  transaction_timeout: '0',
};

/** Added on PostgreSQL 16, which lacks transaction_timeout. */
export function toolSessionFor(serverVersion: number): Record<string, string> {
  const settings = { ...toolSession };
  if (serverVersion < 170_000) delete settings['transaction_timeout'];
  return settings;
}
