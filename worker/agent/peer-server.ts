import { once } from "node:events";
import http from "node:http";
import https from "node:https";
import { type AddressInfo, isIPv6 } from "node:net";
import { type Acceptor, acceptConnections, type Connection } from "../../protocol/connection.ts";
import { ConfigurationError } from "../../protocol/errors.ts";
import { externalAddress, isWildcard } from "../../protocol/external-address.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { PeerAnswer, PeerRequest } from "../../protocol/messages.ts";
import { parsePeerRequest } from "../../protocol/parse.ts";
import { serverTls, type TlsTexts } from "../../protocol/tls.ts";
import { type PeerStore, servePeer, TransferLimit } from "../../protocol/transfer.ts";
import { version } from "../../protocol/version.ts";

export interface PeerServerOptions {
  readonly host: string;
  readonly token: string;
  readonly tls: TlsTexts | undefined;
  readonly store: PeerStore;
  /** Its slots can see shared memory. */
  readonly sharesMemory: boolean;
  readonly log: Logger;
}

function refuse(_: http.IncomingMessage, response: http.ServerResponse): void {
  response.writeHead(426).end("This port speaks Muster's protocol only.\n");
}

/** Where other workers and clients get results from and put values to. */
export class PeerServer {
  /** `ws://host:port`, or with a certificate `wss://host:port`. */
  readonly address: string;
  readonly #server: http.Server | https.Server;
  readonly #acceptor: Acceptor;

  /** @throws {ConfigurationError} BAD_ADDRESS if it cannot listen on `host`. */
  static async start(options: PeerServerOptions): Promise<PeerServer> {
    const { host, tls } = options;
    const own = serverTls(tls);
    const server = own === undefined ? http.createServer(refuse) : https.createServer(own, refuse);
    server.listen(0, host);
    try {
      await once(server, "listening");
    } catch (cause) {
      const message = `A worker cannot listen on host ${JSON.stringify(host)}: ${(cause as Error).message}. Choose a name or address of this machine by the option \`host\`.`;
      throw new ConfigurationError("BAD_ADDRESS", message, { cause });
    }
    return new PeerServer(server, options);
  }

  private constructor(
    server: http.Server | https.Server,
    { host, token, tls, store, sharesMemory, log }: PeerServerOptions,
  ) {
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    const reachable = isWildcard(host) ? (externalAddress() ?? "127.0.0.1") : host;
    const scheme = serverTls(tls) === undefined ? "ws" : "wss";
    this.address = `${scheme}://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
    const limit = new TransferLimit();
    let peers = 0;
    this.#acceptor = acceptConnections(server, {
      token,
      version,
      log,
      roles: {
        peer: {
          parse: parsePeerRequest,
          open: () => ({ id: ++peers, heartbeatMs: 0 }),
          opened: (connection: Connection<PeerRequest, PeerAnswer>) =>
            servePeer(connection, store, { limit, sharesMemory }),
        },
      },
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    await this.#acceptor.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
