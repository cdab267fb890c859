import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface ServerKeys {
  /** PKCS12 with the key and its certificate. */
  keystore: string;
  /** The certificate, which is its own authority (PEM). */
  caFile: string;
  password: string;
}

/** A self-signed key for 127.0.0.1, made by the `keytool` that comes with Java; kept in the folder. */
export function ensureKeys(folder: string, password: string): ServerKeys {
  const keys = { keystore: join(folder, 'server.p12'), caFile: join(folder, 'ca.pem'), password };
  const store = ['-keystore', keys.keystore, '-storepass', password, '-alias', 'server'];
  if (!existsSync(keys.keystore)) {
    const name = ['-dname', 'CN=localhost', '-ext', 'san=ip:127.0.0.1,dns:localhost', '-ext', 'bc:c=ca:true'];
    const kind = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', '3650', '-storetype', 'PKCS12'];
    keytool(['-genkeypair', ...store, ...name, ...kind]);
  }
  if (!existsSync(keys.caFile)) keytool(['-exportcert', '-rfc', ...store, '-file', keys.caFile]);
  return keys;
}

function keytool(args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync('keytool', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`keytool failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
}
