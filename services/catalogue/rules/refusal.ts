import { commonRefusals, Refusal as AnyRefusal } from '#kernel/http/refusal.ts';

/** What the catalogue refuses beside what any service does. */
const refusals = {
  ...commonRefusals,
  'out-of-stock': { status: 409, title: 'There is not enough in stock' },
  'reservation-conflict': { status: 409, title: 'The reservation id is taken by other lines' },
  'adjustment-conflict': { status: 409, title: 'The adjustment id is taken by another adjustment' },
  'stock-below-reserved': { status: 409, title: 'Less than what is reserved would be left' },
  'sku-taken': { status: 409, title: 'Another product has this sku' },
  'unknown-category': { status: 422, title: 'There is no such category' },
  'unknown-product': { status: 422, title: 'There is no such active product' },
} as const;

export type RefusalCode = keyof typeof refusals;

export class Refusal extends AnyRefusal {
  constructor(code: RefusalCode, detail: string, extra: Record<string, unknown> = {}, cause?: unknown) {
    super({ code, ...refusals[code] }, detail, { extra, cause });
  }
}
