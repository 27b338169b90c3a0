import type http from "node:http";
import type https from "node:https";
import type { Duplex } from "node:stream";
import type { Logger } from "../../protocol/logger.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
// A type alone: what it takes to serve pages is loaded only where there are pages to serve.
import type { Dashboard } from "../http/dashboard.ts";
import type { Desk } from "./desk.ts";
import { createHttpServer, listen, reachableHost, type ServerTls } from "./listen.ts";
import type { Logs } from "./logs.ts";
import type { Watches } from "./watches.ts";

export interface DashboardSiteOptions {
  /** True: at the scheduler's own port; else the port of its own, 0 for any free one. */
  readonly at: true | number;
  readonly server: http.Server | https.Server;
  readonly host: string;
  readonly port: number;
  readonly tls: ServerTls | undefined;
  readonly token: string;
  readonly address: string;
  readonly desk: Desk;
  readonly watches: Watches;
  readonly logs: Pick<Logs, "recent">;
  readonly log: Logger;
}

/** Where the dashboard is served: at the scheduler's port, or at one of its own. */
export class DashboardSite {
  readonly url: string;
  readonly #dashboard: Dashboard;
  /** Undefined: it is the scheduler's. */
  readonly #ownServer: http.Server | https.Server | undefined;

  /** @throws ConfigurationError PORT_IN_USE, BAD_ADDRESS */
  static async open({ at, server, host, port, tls, ...parts }: DashboardSiteOptions): Promise<DashboardSite> {
    const { Dashboard } = await import("../http/dashboard.ts");
    const ownServer = at === true ? undefined : createHttpServer(tls);
    const sitePort = ownServer === undefined ? port : await listen(ownServer, host, at as number);
    const dashboard = await Dashboard.open({
      ...parts,
      server: ownServer ?? server,
      port: sitePort,
      tls: tls !== undefined,
    });
    ownServer?.on("upgrade", (request, socket, head) => {
      if (!dashboard.upgrade(request, socket, head)) socket.destroy();
    });
    const scheme = tls === undefined ? "http" : "https";
    return new DashboardSite(`${scheme}://${reachableHost(host)}:${sitePort}/`, dashboard, ownServer);
  }

  private constructor(url: string, dashboard: Dashboard, ownServer: http.Server | https.Server | undefined) {
    this.url = url;
    this.#dashboard = dashboard;
    this.#ownServer = ownServer;
  }

  add(event: ClusterEvent): void {
    this.#dashboard.add(event);
  }

  /** Of an upgrade at the scheduler's port: takes what browsers ask for, and leaves what clients and workers do. */
  upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): boolean {
    return this.#ownServer === undefined && this.#dashboard.upgrade(request, socket, head);
  }

  async close(): Promise<void> {
    const own = this.#ownServer;
    const stopped = own && new Promise((resolve) => own.close(resolve));
    await this.#dashboard.close();
    own?.closeAllConnections();
    await stopped;
  }
}
