import type { ClusterError } from "./errors.ts";

/** Two ends that exchange typed messages in order; what arrives has been parsed. */
export interface Connection<Incoming, Outgoing> {
  /** Who is at the other end, for messages to people. */
  readonly remote: string;
  /** True from the moment on at which nothing can be sent any more. */
  readonly closed: boolean;
  /**
   * Queues a message: all of one event-loop turn leave together. Ignored after the close. Large binaries are not copied and
   * must not change until they have been sent.
   * One that `mayWait` leaves with the next that may not, at the latest after some ms.
   * @throws ProtocolError TOO_LARGE, when it alone would not fit into a frame (64 MiB)
   */
  send(message: Outgoing, mayWait?: boolean): void;
  /** Sets the one listener; what arrived before is handed to it first. One that throws ends this connection. */
  onMessages(listener: (messages: readonly Incoming[]) => void): void;
  /**
   * Calls back exactly once, at once if it has happened already: CLOSED when this end closed it, BAD_FRAME when the other
   * end sent what we cannot accept, CONNECTION_LOST otherwise.
   */
  onClose(listener: (error: ClusterError) => void): void;
  /** Resolves as soon as little enough waits to be sent, and when the connection closes. */
  writable(): Promise<void>;
  /** Sends what is queued, says goodbye, and resolves when the socket is gone; it is cut if the other end takes too long. */
  close(reason?: string): Promise<void>;
}

/** Certificates, as `node:tls` takes them. */
export interface TlsOptions {
  /** Trusted certificate authorities, in PEM; default: the system's. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** Our own certificate and key, when the other end asks for one. */
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
  /** Default true. False accepts any certificate, and with it anybody between us and the other end. */
  readonly rejectUnauthorized?: boolean | undefined;
}

export { type AcceptOptions, type Acceptor, acceptConnections, type RoleHandler } from "./accept.ts";
export { type DialOptions, dial } from "./dial.ts";
