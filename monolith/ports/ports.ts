import type { DataSource } from 'typeorm';
import type { Tokens } from '../auth/tokens.ts';
import type { OwnerOf } from '../ownership/owner.ts';
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

export function createPorts(db: DataSource, ownerOf: OwnerOf, tokens: Tokens, publicUrl: string): Ports {
  const { call, close } = createRemoteCall(publicUrl);
  return {
    inCatalogue: choose('catalogue', ownerOf, localCatalogue(db), (passage) =>
      remoteCatalogue(call, tokens, passage),
    ),
    inUsers: choose('users', ownerOf, localUsers(db), (passage) => remoteUsers(call, passage)),
    inOrders: choose('orders', ownerOf, localOrders(db), (passage) => remoteOrders(call, passage)),
    close,
  };
}
