import type { DataSource } from 'typeorm';
import type { Tokens } from '../auth/tokens.ts';
import type { OwnerOf } from '../ownership/owner.ts';
import { createAdvanceRefund } from '../orders/advance-refund.ts';
import type { PaymentGateway } from '../orders/gateway.ts';
import { localCatalogue } from './catalogue-local.ts';
import type { CataloguePort } from './catalogue-port.ts';
import { remoteCatalogue } from './catalogue-remote.ts';
import { choose, type InUnit } from './choose.ts';
import { localOrders, remoteOrders, type OrdersPort } from './orders-port.ts';
import { createRemoteCall } from './remote-call.ts';
import { localUsers, remoteUsers, type UsersPort } from './users-port.ts';

/** The ways from one module to another. Nobody calls support, so it has none. */
export interface Ports {
  inCatalogue: InUnit<CataloguePort>;
  inUsers: InUnit<UsersPort>;
  inOrders: InUnit<OrdersPort>;
  close: () => Promise<void>;
}

export function createPorts(
  db: DataSource,
  ownerOf: OwnerOf,
  tokens: Tokens,
  publicUrl: string,
  gateway: PaymentGateway,
): Ports {
  const { call, close } = createRemoteCall(publicUrl);
  const inCatalogue = choose('catalogue', ownerOf, localCatalogue(db), (passage) =>
    remoteCatalogue(call, tokens, passage),
  );
  const orders = localOrders(db, createAdvanceRefund(db, inCatalogue, gateway));
  return {
    inCatalogue,
    inUsers: choose('users', ownerOf, localUsers(db), (passage) => remoteUsers(call, passage)),
    inOrders: choose('orders', ownerOf, orders, (passage) => remoteOrders(call, tokens, passage)),
    close,
  };
}
