import { ClusterError } from "../protocol/errors.ts";
import type { TaskId } from "../protocol/ids.ts";
import type { EncodedValue } from "../protocol/messages.ts";
import type { PeerLinks } from "../protocol/transfer.ts";
import { decodeValue } from "../protocol/value.ts";
import type { FutureRecord, FutureState } from "./future-record.ts";

/** How often a result may be out of reach before the client gives up: holders die, but hardly so many in a row. */
const triesMax = 6;
/** What is fetched by one request, so that results arrive while others are still on their way. */
const tasksMax = 500;
const bytesMax = 64 * 2 ** 20;

type Finished = Extract<FutureState, { status: "finished" }>;

interface Wanted {
  readonly task: TaskId;
  readonly bytes: number;
  readonly resolve: (value: EncodedValue | "absent") => void;
  readonly reject: (error: unknown) => void;
}

/** Fetches results straight from the workers that hold them: in groups by worker, each result once at a time. */
export class Results {
  readonly #links: PeerLinks;
  /** Tells the scheduler that a worker did not give a result that it should hold. */
  readonly #reportMissing: (record: FutureRecord, address: string) => void;
  readonly #underWay = new Map<TaskId, Promise<EncodedValue | "absent">>();
  /** By address; present while a fetch from there is under way. */
  readonly #queues = new Map<string, Wanted[]>();

  constructor(links: PeerLinks, reportMissing: (record: FutureRecord, address: string) => void) {
    this.#links = links;
    this.#reportMissing = reportMissing;
  }

  /** The value of a future, once it has one; rejects with the error that it ended with. */
  async value(record: FutureRecord): Promise<unknown> {
    let failure: unknown;
    for (let tries = 0; tries < triesMax; tries++) {
      await record.done();
      const { state } = record;
      if (state.status === "pending") continue;
      if (state.status !== "finished") throw state.error;
      const address = state.addresses[tries % state.addresses.length];
      if (address === undefined) {
        await record.changedFrom(state);
        continue;
      }
      try {
        const encoded = await this.#fetch(state, address);
        if (encoded !== "absent") return decodeValue(encoded);
        failure = undefined;
      } catch (error) {
        if (!(error instanceof ClusterError) || !(error.code === "CONNECTION_LOST" || error.retryable)) throw error;
        failure = error;
        if (error.code !== "CONNECTION_LOST") continue;
      }
      if (record.state !== state) continue;
      this.#reportMissing(record, address);
      await record.changedFrom(state);
    }
    throw new ClusterError(
      "CONNECTION_LOST",
      `the result of "${record.key}" was out of reach ${triesMax} times: this client must be able to connect to the workers' own addresses`,
      { cause: failure, retryable: true, details: { key: record.key } },
    );
  }

  #fetch(state: Finished, address: string): Promise<EncodedValue | "absent"> {
    const known = this.#underWay.get(state.task);
    if (known !== undefined) return known;
    const fetched = new Promise<EncodedValue | "absent">((resolve, reject) => {
      const wanted = { task: state.task, bytes: state.bytes, resolve, reject };
      const queue = this.#queues.get(address);
      if (queue !== undefined) queue.push(wanted);
      else {
        const fresh = [wanted];
        this.#queues.set(address, fresh);
        // By then everything that is asked for in this turn has joined the queue.
        setImmediate(() => void this.#serve(address, fresh));
      }
    }).finally(() => this.#underWay.delete(state.task));
    this.#underWay.set(state.task, fetched);
    return fetched;
  }

  async #serve(address: string, queue: Wanted[]): Promise<void> {
    while (queue.length > 0) {
      const group = nextGroup(queue);
      try {
        const values = await this.#links.get(
          address,
          group.map(({ task }) => task),
        );
        for (const { task, resolve } of group) resolve(values.get(task) ?? "absent");
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#queues.delete(address);
  }
}

function nextGroup(queue: Wanted[]): Wanted[] {
  let bytes = 0;
  const end = queue.findIndex((wanted, index) => {
    bytes += wanted.bytes;
    return index >= tasksMax || (index > 0 && bytes > bytesMax);
  });
  return queue.splice(0, end === -1 ? queue.length : end);
}
