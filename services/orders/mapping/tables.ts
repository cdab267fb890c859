import type { TableConfig } from '#plan/config.ts';

type Pairs = readonly (readonly [legacy: string, service: string])[];

const toService = (column: string, pairs: Pairs) =>
  `case ${column} ${pairs.map(([from, to]) => `when '${from}' then '${to}'`).join(' ')} end`;
const toLegacy = (column: string, pairs: Pairs) =>
  `case ${column} ${pairs.map(([to, from]) => `when '${from}' then '${to}'`).join(' ')} end`;

const states: Pairs = [
  ['N', 'placed'],
  ['V', 'buyer-verified'],
  ['R', 'reserved'],
  ['P', 'paid'],
  ['C', 'confirmed'],
  ['S', 'shipped'],
  ['D', 'delivered'],
  ['Z', 'failing'],
  ['F', 'failed'],
  ['K', 'cancelling'],
  ['X', 'cancelled'],
  ['Q', 'refunding'],
  ['B', 'refunded'],
];
const kinds: Pairs = [
  ['C', 'charge'],
  ['R', 'refund'],
];
const refundStates: Pairs = [
  ['N', 'pending'],
  ['M', 'paid'],
  ['D', 'done'],
];
/** Not divided by 100: of a large bigint the quotient is rounded. */
const amountOf = (cents: string) => `${cents} * 0.01`;
const centsOf = (amount: string) => `${amount} * 100`;

/**
 * The monolith's order tables, and this service's. `ord` feeds orders, deliveries and checkouts; in reverse all three fill `ord`,
 * and orders decides whether the row exists. Idempotency keys, carts and the provider's notices move with the orders: a
 * request that is repeated, or a webhook that comes twice, meets the same memory on either side.
 */
export const ordersTables: readonly TableConfig[] = [
  {
    legacy: 'ord',
    service: 'orders',
    anchor: true,
    forward: {
      id: 'ord_id',
      user_id: 'usr_id',
      state: toService('stat_cd', states),
      total: amountOf('tot_cents'),
      currency: 'curr_cd',
      reservation_id: 'rsv_id',
      failure: 'fail_cd',
      version: 'ver_no',
      created_at: 'crt_dt',
      updated_at: 'upd_dt',
    },
    reverse: {
      ord_id: 'id',
      usr_id: 'user_id',
      stat_cd: toLegacy('state', states),
      tot_cents: centsOf('total'),
      curr_cd: 'currency',
      rsv_id: 'reservation_id',
      fail_cd: 'failure',
      ver_no: 'version',
      crt_dt: 'created_at',
      upd_dt: 'updated_at',
    },
  },
  {
    legacy: 'ord',
    service: 'deliveries',
    forward: { order_id: 'ord_id', recipient: 'ship_nm', address: 'ship_addr' },
    reverse: { ord_id: 'order_id', ship_nm: 'recipient', ship_addr: 'address' },
  },
  {
    legacy: 'ord',
    service: 'checkouts',
    forward: {
      order_id: 'ord_id',
      user_id: 'usr_id',
      idempotency_key: 'idem_key',
      request_hash: 'req_hsh',
      card_token: 'pay_tok',
      answer_status: 'ans_cd',
      answer_body: 'ans_body',
    },
    reverse: {
      ord_id: 'order_id',
      idem_key: 'idempotency_key',
      req_hsh: 'request_hash',
      pay_tok: 'card_token',
      ans_cd: 'answer_status',
      ans_body: 'answer_body',
    },
  },
  {
    legacy: 'ord_ln',
    service: 'order_lines',
    key: { legacy: ['ord_id', 'ln_no'], service: ['order_id', 'line_number'] },
    forward: {
      order_id: 'ord_id',
      line_number: 'ln_no',
      product_id: 'prod_id',
      name: 'prod_nm',
      quantity: 'qty',
      unit_price: amountOf('price_cents'),
    },
    reverse: {
      ord_id: 'order_id',
      ln_no: 'line_number',
      prod_id: 'product_id',
      prod_nm: 'name',
      qty: 'quantity',
      price_cents: centsOf('unit_price'),
    },
  },
  {
    legacy: 'pay',
    service: 'payments',
    key: { legacy: ['ord_id', 'kind_cd', 'mv_no'], service: ['order_id', 'kind', 'movement'] },
    forward: {
      order_id: 'ord_id',
      kind: toService('kind_cd', kinds),
      movement: 'mv_no',
      amount: amountOf('amt_cents'),
      provider_reference: 'gw_ref',
      created_at: 'crt_dt',
    },
    reverse: {
      ord_id: 'order_id',
      kind_cd: toLegacy('kind', kinds),
      mv_no: 'movement',
      amt_cents: centsOf('amount'),
      gw_ref: 'provider_reference',
      crt_dt: 'created_at',
    },
  },
  {
    legacy: 'trk',
    service: 'parcel_events',
    key: { legacy: ['ord_id', 'ev_cd'], service: ['order_id', 'event'] },
    forward: { order_id: 'ord_id', event: 'ev_cd', place: 'loc', occurred_at: 'ev_dt' },
    reverse: { ord_id: 'order_id', ev_cd: 'event', loc: 'place', ev_dt: 'occurred_at' },
  },
  {
    legacy: 'ord_hst',
    service: 'order_history',
    key: { legacy: ['ord_id', 'ver_no'], service: ['order_id', 'version'] },
    forward: {
      order_id: 'ord_id',
      version: 'ver_no',
      state: toService('stat_cd', states),
      reason: 'rsn',
      created_at: 'crt_dt',
    },
    reverse: {
      ord_id: 'order_id',
      ver_no: 'version',
      stat_cd: toLegacy('state', states),
      rsn: 'reason',
      crt_dt: 'created_at',
    },
  },
  {
    legacy: 'rfd',
    service: 'refunds',
    forward: {
      id: 'rfd_id',
      order_id: 'ord_id',
      state: toService('stat_cd', refundStates),
      amount: amountOf('amt_cents'),
      reason: 'rsn',
      idempotency_key: 'idem_key',
      request_hash: 'req_hsh',
      created_at: 'crt_dt',
      updated_at: 'upd_dt',
    },
    reverse: {
      rfd_id: 'id',
      ord_id: 'order_id',
      stat_cd: toLegacy('state', refundStates),
      amt_cents: centsOf('amount'),
      rsn: 'reason',
      idem_key: 'idempotency_key',
      req_hsh: 'request_hash',
      crt_dt: 'created_at',
      upd_dt: 'updated_at',
    },
  },
  {
    legacy: 'rfd_ln',
    service: 'refund_lines',
    key: { legacy: ['rfd_id', 'prod_id'], service: ['refund_id', 'product_id'] },
    forward: {
      refund_id: 'rfd_id',
      product_id: 'prod_id',
      quantity: 'qty',
      amount: amountOf('amt_cents'),
      restock: "rstk = 'Y'",
    },
    reverse: {
      rfd_id: 'refund_id',
      prod_id: 'product_id',
      qty: 'quantity',
      amt_cents: centsOf('amount'),
      rstk: "case when restock then 'Y' else 'N' end",
    },
  },
  {
    legacy: 'cart_itm',
    service: 'cart_items',
    key: { legacy: ['usr_id', 'prod_id'], service: ['user_id', 'product_id'] },
    forward: { user_id: 'usr_id', product_id: 'prod_id', quantity: 'qty', updated_at: 'upd_dt' },
    reverse: { usr_id: 'user_id', prod_id: 'product_id', qty: 'quantity', upd_dt: 'updated_at' },
  },
  {
    legacy: 'gst_cart_itm',
    service: 'guest_cart_items',
    key: { legacy: ['cart_id', 'prod_id'], service: ['cart_id', 'product_id'] },
    forward: { cart_id: 'cart_id', product_id: 'prod_id', quantity: 'qty', updated_at: 'upd_dt' },
    reverse: { cart_id: 'cart_id', prod_id: 'product_id', qty: 'quantity', upd_dt: 'updated_at' },
  },
  {
    legacy: 'pay_evt',
    service: 'provider_notices',
    forward: { id: 'evt_id', charge_key: 'pay_key', type: 'evt_cd', received_at: 'rcv_dt' },
    reverse: { evt_id: 'id', pay_key: 'charge_key', evt_cd: 'type', rcv_dt: 'received_at' },
  },
];
