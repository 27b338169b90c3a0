// Moving values between stores, in shards over a peer connection: who dials asks or puts, who listens answers from its store.
export { PeerLinks, type PeerLinksOptions } from "./peer-links.ts";
export { type PeerStore, type ServePeerOptions, servePeer } from "./serve-peer.ts";
export type { ValueStream } from "./shards.ts";
export { TransferLimit } from "./transfer-limit.ts";
