import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';

export interface Mail {
  /** Names the occasion: the same mail sent again replaces itself. */
  key: string;
  to: string;
  subject: string;
  text: string;
}

/** Never fails: what was done is not undone because its mail could not be sent. */
export type SendMail = (mail: Mail) => Promise<void>;

/** A sandbox for mail: each one is a file in `folder`; without a folder none is written. */
export function createFileMailer(folder: string | undefined, log: Log): SendMail {
  if (folder === undefined) return async () => undefined;
  return async ({ key, to, subject, text }) => {
    const oneLine = (value: string) => value.replaceAll(/[\r\n]+/g, ' ');
    try {
      await mkdir(folder, { recursive: true });
      const draft = join(folder, `.${randomUUID()}`);
      await writeFile(
        draft,
        `From: shop@shop.example\nTo: ${oneLine(to)}\nSubject: ${oneLine(subject)}\n\n${text}\n`,
      );
      await rename(draft, join(folder, `${key}.eml`));
    } catch (error) {
      log.error({ err: error, mail: key }, 'the mail could not be written');
    }
  };
}
