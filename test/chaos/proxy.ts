import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Hands on bytes between whoever connects and one target, until it is told to misbehave. */
export class TcpProxy {
  /** `ws://host:port`, for those who are to go through it. */
  readonly address: string;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #outageEndMs = 0;
  #stalled = false;

  static async start(target: string): Promise<TcpProxy> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new TcpProxy(server, target);
  }

  private constructor(server: Server, target: string) {
    const { hostname, port } = new URL(target);
    this.#target = { host: hostname, port: Number(port) };
    this.#server = server;
    this.address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("connection", (near) => this.#connect(near));
  }

  /** Cuts what is connected, and lets nobody through for a while. False: there was nothing to cut. */
  cut(outageMs: number): boolean {
    const cut = this.#sockets.size > 0;
    this.#outageEndMs = performance.now() + outageMs;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    return cut;
  }

  /** Holds back every byte, in both directions, until `flow`. */
  stall(): void {
    this.#stalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  flow(): void {
    this.#stalled = false;
    this.#outageEndMs = 0;
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.cut(Number.POSITIVE_INFINITY);
    this.#server.close();
    await once(this.#server, "close");
  }

  #connect(near: Socket): void {
    if (performance.now() < this.#outageEndMs) return void near.on("error", () => undefined).destroy();
    const far = connect(this.#target);
    this.#join(near, far);
    this.#join(far, near);
  }

  #join(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on("data", (bytes) => {
      if (to.destroyed || to.write(bytes)) return;
      from.pause();
      to.once("drain", () => {
        if (!this.#stalled) from.resume();
      });
    });
    from.on("end", () => to.end());
    from.on("error", () => to.destroy());
    from.on("close", () => {
      this.#sockets.delete(from);
      to.destroy();
    });
    if (this.#stalled) from.pause();
  }
}
