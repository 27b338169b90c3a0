import type { TaskId } from "../protocol/ids.ts";
import type { EncodedValue } from "../protocol/messages.ts";
import type { Network } from "./network.ts";
import type { Random } from "./random.ts";

/** A worker process as its peers see it. */
export interface PeerServer {
  readonly name: string;
  readonly alive: boolean;
  /** Runs it now, or when the process is thawed; never if it is dead. */
  receive(action: () => void): void;
  /** Tells the value, at once or when it has been read from disk; undefined: it is not there. */
  read(task: TaskId, onValue: (value: EncodedValue | undefined) => void): void;
  put(task: TaskId, value: EncodedValue): void;
  /** Called once when the process ends in a way that its peers are told of. */
  onDeath(listener: () => void): () => void;
  /** How much longer than usual everything takes here. */
  readonly slowness: number;
  /** Answers "busy" to everybody. */
  readonly alwaysBusy: boolean;
}

export type PeerAnswer =
  | { readonly kind: "values"; readonly values: ReadonlyMap<TaskId, EncodedValue> }
  | { readonly kind: "busy"; readonly retryMs: number }
  | { readonly kind: "unreachable" };

/** After this long without an answer a transfer is given up, as the real links do. */
const transferTimeoutMs = 30_000;
const transfersMax = 8;
const retryMs = 20;

/** Results on their way between workers, and between clients and workers. */
export class PeerNetwork {
  readonly #servers: Map<string, PeerServer> = new Map();
  /** Addresses of machines without power: whoever asks there hears nothing. */
  readonly #dark: Set<string> = new Set();
  /** How probable it is that a peer connection breaks in the middle. */
  breaks: number = 0;
  readonly #network: Network;
  readonly #dice: Random;
  readonly #transfers: Map<PeerServer, number> = new Map();

  constructor(network: Network, dice: Random) {
    this.#network = network;
    this.#dice = dice;
  }

  listen(address: string, server: PeerServer): void {
    this.#servers.set(address, server);
    this.#dark.delete(address);
  }

  stopListening(address: string, server: PeerServer, silently: boolean): void {
    if (this.#servers.get(address) !== server) return;
    this.#servers.delete(address);
    if (silently) this.#dark.add(address);
  }

  isTaken(address: string): boolean {
    return this.#servers.has(address);
  }

  /** False only if the machine answers that nothing listens there. */
  probe(from: string, address: string, onAnswer: (found: boolean) => void): void {
    const network = this.#network;
    network.time.schedule(2 * network.delayMs(), () => {
      const server = this.#servers.get(address);
      const hidden = this.#dark.has(address) || (server !== undefined && network.cut(from, server.name));
      onAnswer(hidden || server !== undefined);
    });
  }

  get(from: string, address: string, tasks: readonly TaskId[], onAnswer: (answer: PeerAnswer) => void): void {
    this.#request(from, address, onAnswer, (server, answer) => {
      const transfers = this.#transfers.get(server) ?? 0;
      if (server.alwaysBusy || transfers >= transfersMax) return answer({ kind: "busy", retryMs });
      this.#transfers.set(server, transfers + 1);
      // Values are read one after the other while shards are sent, so some are read early and some late.
      const values = new Map<TaskId, EncodedValue>();
      let reading = 1;
      const wasRead = (): void => {
        reading--;
        if (reading > 0) return;
        this.#transfers.set(server, (this.#transfers.get(server) ?? 1) - 1);
        answer({ kind: "values", values });
      };
      const read = (task: TaskId): void => {
        reading++;
        server.read(task, (value) => {
          if (value !== undefined) values.set(task, value);
          wasRead();
        });
      };
      const early = this.#network.random ? this.#dice.below(tasks.length + 1) : tasks.length;
      tasks.slice(0, early).forEach(read);
      this.#network.time.schedule(this.#network.delayMs() * server.slowness, () =>
        server.receive(() => {
          tasks.slice(early).forEach(read);
          wasRead();
        }),
      );
    });
  }

  /** Calls back with true once the worker has the value, with false if nobody can tell whether it has. */
  put(from: string, address: string, task: TaskId, value: EncodedValue, onAnswer: (taken: boolean) => void): void {
    const told = (answer: PeerAnswer): void => onAnswer(answer.kind === "values");
    this.#request(from, address, told, (server, answer) => {
      server.put(task, value);
      answer({ kind: "values", values: new Map() });
    });
  }

  /** One question and exactly one answer, whatever happens on the way. */
  #request(
    from: string,
    address: string,
    onAnswer: (answer: PeerAnswer) => void,
    serve: (server: PeerServer, answer: (answer: PeerAnswer) => void) => void,
  ): void {
    const network = this.#network;
    const { time } = network;
    let over = false;
    const clean: (() => void)[] = [];
    const end = (answer: PeerAnswer): void => {
      if (over) return;
      over = true;
      for (const undo of clean) undo();
      onAnswer(answer);
    };
    const lost = (): void => {
      time.schedule(network.delayMs(), () => end({ kind: "unreachable" }));
    };
    clean.push(time.schedule(transferTimeoutMs, () => end({ kind: "unreachable" })));
    time.schedule(network.delayMs(), () => {
      if (this.#dark.has(address)) return;
      const server = this.#servers.get(address);
      if (server?.alive !== true || (network.random && this.#dice.chance(this.breaks))) return lost();
      clean.push(server.onDeath(lost));
      const answer = (answered: PeerAnswer): void => {
        if (network.random && this.#dice.chance(this.breaks)) return lost();
        time.schedule(network.delayMs(), () => {
          clean.push(network.whenOpen(from, server.name, () => end(answered)));
        });
      };
      clean.push(network.whenOpen(from, server.name, () => server.receive(() => serve(server, answer))));
    });
  }
}
