import { BlockList, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { MatapaloError } from '#kernel/errors.ts';

/** Who is at the other end of a connection. */
export interface Peer {
  address: string;
  /** A proxy in front of ours, whose X-Forwarded-* are believed. */
  isTrusted: boolean;
  isEncrypted: boolean;
}

export type PeerOf = (socket: Socket) => Peer;

/** Looks a connection's peer up once, whatever number of requests it carries. */
export function createPeerOf(trusted: readonly string[]): PeerOf {
  const list = new BlockList();
  for (const cidr of trusted) addCidr(list, cidr);
  const peers = new WeakMap<Socket, Peer>();
  return (socket) => {
    const known = peers.get(socket);
    if (known) return known;
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    const peer: Peer = {
      address,
      isTrusted: trusted.length > 0 && isListed(list, address),
      isEncrypted: 'encrypted' in socket && socket.encrypted === true,
    };
    // A socket that is gone has no address any more: not worth remembering.
    if (address !== '') peers.set(socket, peer);
    return peer;
  };
}

function addCidr(list: BlockList, cidr: string): void {
  const [net = '', prefix] = cidr.split('/');
  const family = isIP(net);
  const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix);
  if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 6 ? 128 : 32)) {
    throw new MatapaloError(
      'config-invalid',
      `proxy.trustedProxies: "${cidr}" is not an address or a CIDR.`,
      {
        hint: 'Write addresses as 10.0.0.0/8 or fd00::/8.',
      },
    );
  }
  list.addSubnet(net, bits, family === 6 ? 'ipv6' : 'ipv4');
}

function isListed(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** The client behind trusted proxies is the last address that none of them vouches for: theirs is the rightmost. */
export function clientAddress(peer: Peer, forwardedFor: string | string[] | undefined): string {
  if (!peer.isTrusted || forwardedFor === undefined) return peer.address;
  const text = Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor;
  const last = text.split(',').pop()?.trim() ?? '';
  return isIP(last) === 0 ? peer.address : last;
}
