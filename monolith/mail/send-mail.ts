import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';

export interface Mail {
  /** Names the occasion: the same mail sent again replaces itself. */
  key: string;
  /** An address, or how to find it: asked only where mail is sent at all. */
  to: string | (() => Promise<string>);
  subject: string;
  text: string;
}

export type SendMail = (mail: Mail) => Promise<void>;

/** A sandbox for mail: each one is a file. What was done is not undone because its mail could not be written. */
export function createMailer(folder: string | undefined, log: FastifyBaseLogger): SendMail {
  if (folder === undefined) return async () => {};
  return async ({ key, to, subject, text }) => {
    const oneLine = (value: string) => value.replaceAll(/[\r\n]+/g, ' ');
    try {
      const address = typeof to === 'string' ? to : await to();
      const content = `From: shop@shop.example\nTo: ${oneLine(address)}\nSubject: ${oneLine(subject)}\n\n${text}\n`;
      await mkdir(folder, { recursive: true });
      const draft = join(folder, `.${randomUUID()}`);
      await writeFile(draft, content);
      await rename(draft, join(folder, `${key}.eml`));
    } catch (error) {
      log.error({ err: error, mail: key }, 'the mail could not be written');
    }
  };
}
