import type { FastifyInstance } from 'fastify';
import type { DataSource } from 'typeorm';
import { userOf } from '../auth/authorise.ts';
import { bind } from '../http/bind.ts';
import type { SendMail } from '../mail/send-mail.ts';
import { requestReset, resetPassword, sendVerification, verifyEmail } from './recovery.ts';

export function recoveryRoutes(app: FastifyInstance, db: DataSource, sendMail: SendMail): void {
  bind(app, 'sendVerification', async (request, reply) => {
    await sendVerification(db, sendMail, userOf(request));
    return reply.code(202).send();
  });
  bind<{ Body: { token: string } }>(app, 'verifyEmail', async ({ body }, reply) => {
    await verifyEmail(db, body.token);
    return reply.code(204).send();
  });
  bind<{ Body: { email: string } }>(app, 'forgotPassword', async ({ body }, reply) => {
    await requestReset(db, sendMail, body.email);
    return reply.code(202).send();
  });
  bind<{ Body: { token: string; newPassword: string } }>(app, 'resetPassword', async ({ body }, reply) => {
    await resetPassword(db, body.token, body.newPassword);
    return reply.code(204).send();
  });
}
