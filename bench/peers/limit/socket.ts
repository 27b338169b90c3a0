import { Packr } from "msgpackr";
import { WebSocket } from "ws";

/** Nothing may be split: what a frame holds is not what the limit is about. */
export const maxPayload: number = 2 ** 30;

/** Sends and takes arrays of messages: shapes of objects are written once, as on Muster's own wire. */
export class MessageSocket<Incoming, Outgoing> {
  readonly #socket: WebSocket;
  readonly #packr = new Packr({ sequential: true });
  readonly #unpackr = new Packr({ sequential: true });

  static connect<Incoming, Outgoing>(port: number): Promise<MessageSocket<Incoming, Outgoing>> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false, maxPayload });
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(new MessageSocket(socket)));
      socket.once("error", reject);
    });
  }

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  send(messages: readonly Outgoing[]): void {
    this.#socket.send(this.#packr.pack(messages));
  }

  onMessages(listener: (messages: readonly Incoming[]) => void): void {
    this.#socket.on("message", (data: Buffer) => listener(this.#unpackr.unpack(data) as Incoming[]));
  }

  onClose(listener: () => void): void {
    this.#socket.once("close", listener);
  }
}
