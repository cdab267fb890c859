import type { Session } from './session.ts';

export type Role = 'customer' | 'agent' | 'manager' | 'admin';
/** How the suite becomes somebody: by logging in, or with a token that it is given. */
export type Account = { email: string; password: string } | { token: string };
export const allParts = ['catalogue', 'users', 'orders', 'support'] as const;
export type Part = (typeof allParts)[number];

export interface ContractOptions {
  accounts: Record<Role, Account>;
  /** A service's credentials, for the client-credentials grant and introspection. */
  client?: { id: string; secret: string };
  /** Where the shop writes its mails; without it nothing that is done with a mailed secret is tried. */
  mailDir?: string;
  /** What the payment provider signs its webhooks with; without it none is sent. */
  webhookSecret?: string;
  /** Default: all that the document describes. */
  parts?: readonly Part[];
}

export interface ContractCase {
  name: string;
  run: () => Promise<void>;
}

export interface ContractContext {
  /** Distinguishes this run's data from what earlier ones left: lower-case letters, 10 of them. */
  run: string;
  client: ContractOptions['client'];
  mailDir: string | undefined;
  webhookSecret: string | undefined;
  guest(): Session;
  /** A new client with that role. */
  as(role: Role): Promise<Session>;
  baseUrl: string;
}
