import Type, { type TProperties } from 'typebox';
import { breachKinds } from '../rules/sla.ts';
import { priorities, ticketKinds, ticketStatuses } from '../rules/ticket.ts';

/** What requests must look like. Bodies refuse unknown members; unknown query parameters pass, as on the web. */
const body = <Properties extends TProperties>(
  properties: Properties,
  options: { minProperties?: number } = {},
) => Type.Object(properties, { additionalProperties: false, ...options });

const id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
const kind = Type.Enum([...ticketKinds]);
const status = Type.Enum([...ticketStatuses]);
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength });

/** What a message came with; the bytes are kept elsewhere, under their hash. */
const attachments = Type.Optional(
  Type.Array(
    body({
      name: text(200),
      type: Type.String({ pattern: '^[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}$' }),
      size: Type.Integer({ minimum: 0, maximum: 104_857_600 }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    }),
    { maxItems: 10 },
  ),
);

export const defaultLimit = 20;

export const NumericId = Type.Object({ id });
export const UuidId = Type.Object({ id: Type.String({ format: 'uuid' }) });

export const TicketQuery = Type.Object({
  status: Type.Optional(status),
  kind: Type.Optional(kind),
  customerId: Type.Optional(id),
  assigneeId: Type.Optional(id),
  breached: Type.Optional(Type.Enum([...breachKinds, 'any'])),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000 })),
});

export const TicketBody = body({
  kind,
  subject: text(200),
  message: text(5000),
  orderId: Type.Optional(id),
  attachments,
});

export const TicketPatch = body(
  {
    status: Type.Optional(status),
    priority: Type.Optional(Type.Enum([...priorities])),
    assigneeId: Type.Optional(Type.Union([id, Type.Null()])),
  },
  { minProperties: 1 },
);

export const MessageBody = body({ body: text(5000), attachments });

export const ReturnBody = body({
  ticketId: id,
  lines: Type.Array(body({ productId: id, quantity: Type.Integer({ minimum: 1, maximum: 1000 }) }), {
    minItems: 1,
    maxItems: 50,
  }),
  reason: text(1000),
});

export const RejectBody = body({ note: text(1000) });

export const QuestionBody = body({ question: text(1000) });
