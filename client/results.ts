import { ClusterError } from "../protocol/errors.ts";
import type { TaskId } from "../protocol/ids.ts";
import type { EncodedValue } from "../protocol/messages.ts";
import type { PeerLinks } from "../protocol/transfer.ts";
import { decodeValue } from "../protocol/value.ts";
import { type FutureRecord, type FutureState, pending } from "./future-record.ts";
import { released } from "./releases.ts";

/** How often a result may be out of reach before the client gives up: holders die, but hardly so many in a row. */
const triesMax = 6;
/** What is fetched by one request, so that results arrive while others are still on their way. */
const tasksMax = 2_000;
const bytesMax = 64 * 2 ** 20;

type Finished = Extract<FutureState, { status: "finished" }>;

type Values = ReadonlyMap<TaskId, EncodedValue | "absent">;

/** One who waits for a value. */
interface Retrieval {
  readonly record: FutureRecord;
  /** Whatever must not be collected before. */
  readonly holder: object;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  tries: number;
  /** By what the future said when the last try was made. */
  asked: FutureState;
  /** Why the last try failed. */
  failure: unknown;
}

/** A result that is being fetched, and for whom. */
interface Wanted {
  readonly state: Finished;
  readonly address: string;
  readonly first: Retrieval;
  others: Retrieval[] | undefined;
}

/** Fetches results straight from the workers that hold them: in groups by worker, each result once at a time. */
export class Results {
  readonly #links: PeerLinks;
  /** Tells the scheduler that a worker did not give a result that it should hold. */
  readonly #reportMissing: (record: FutureRecord, address: string) => void;
  readonly #underWay = new Map<TaskId, Wanted>();
  /** By address; present while a fetch from there is under way. */
  readonly #queues = new Map<string, Wanted[]>();

  constructor(links: PeerLinks, reportMissing: (record: FutureRecord, address: string) => void) {
    this.#links = links;
    this.#reportMissing = reportMissing;
  }

  /** The value of a future, once it has one; rejects with the error that it ended with. Holds on to `holder` until then. */
  value(record: FutureRecord, holder: object): Promise<unknown> {
    // Without promises in between: results come by the thousand.
    return new Promise((resolve, reject) =>
      this.#advance({ record, holder, resolve, reject, tries: 0, asked: pending, failure: undefined }),
    );
  }

  /** Goes on from where the future stands. */
  #advance(retrieval: Retrieval): void {
    const { record, tries } = retrieval;
    const { state } = record;
    if (tries === triesMax) return retrieval.reject(outOfReach(retrieval));
    if (state.status === "pending") return record.onceDone(() => this.#advance(retrieval));
    if (state.status !== "finished") return retrieval.reject(state.error);
    const address = state.addresses[tries % state.addresses.length];
    retrieval.tries++;
    retrieval.asked = state;
    if (address === undefined) this.#wait(retrieval);
    else this.#fetch(state, address, retrieval);
  }

  #fetch(state: Finished, address: string, retrieval: Retrieval): void {
    const known = this.#underWay.get(state.task);
    if (known !== undefined) {
      known.others ??= [];
      known.others.push(retrieval);
      return;
    }
    const wanted: Wanted = { state, address, first: retrieval, others: undefined };
    this.#underWay.set(state.task, wanted);
    const queue = this.#queues.get(address);
    if (queue !== undefined) {
      queue.push(wanted);
      return;
    }
    const fresh = [wanted];
    this.#queues.set(address, fresh);
    // By then everything that is asked for in this turn has joined the queue.
    setImmediate(() => void this.#serve(address, fresh));
  }

  async #serve(address: string, queue: Wanted[]): Promise<void> {
    while (queue.length > 0) {
      const group = nextGroup(queue);
      const tasks = group.map(({ state }) => state.task);
      const outcome = await this.#links.get(address, tasks).catch((error: unknown) => ({ error }));
      for (const wanted of group) {
        this.#underWay.delete(wanted.state.task);
        this.#tell(wanted, wanted.first, outcome);
        if (wanted.others !== undefined) for (const other of wanted.others) this.#tell(wanted, other, outcome);
      }
    }
    this.#queues.delete(address);
  }

  #tell(wanted: Wanted, retrieval: Retrieval, outcome: Values | { readonly error: unknown }): void {
    try {
      if ("error" in outcome) this.#failed(wanted, retrieval, outcome.error);
      else this.#arrived(wanted, retrieval, outcome.get(wanted.state.task) ?? "absent");
    } catch (error) {
      // Nothing can be asked of the scheduler any more.
      retrieval.reject(error);
    }
  }

  #arrived(wanted: Wanted, retrieval: Retrieval, value: EncodedValue | "absent"): void {
    if (value === "absent") {
      retrieval.failure = undefined;
      return this.#missing(wanted, retrieval);
    }
    let decoded: unknown;
    try {
      decoded = decodeValue(value);
    } catch (error) {
      return this.#failed(wanted, retrieval, error);
    }
    retrieval.resolve(decoded);
  }

  #failed(wanted: Wanted, retrieval: Retrieval, error: unknown): void {
    if (!(error instanceof ClusterError) || !(error.code === "CONNECTION_LOST" || error.retryable))
      return retrieval.reject(error);
    retrieval.failure = error;
    if (error.code === "CONNECTION_LOST") this.#missing(wanted, retrieval);
    else this.#advance(retrieval);
  }

  /** It is to be had elsewhere, or has to be computed again: the scheduler will tell. */
  #missing({ address }: Wanted, retrieval: Retrieval): void {
    const { record, asked } = retrieval;
    if (record.state !== asked) return this.#advance(retrieval);
    if (!record.dropped) this.#reportMissing(record, address);
    this.#wait(retrieval);
  }

  /** Until the scheduler tells more, which it does not of a future that was released. */
  #wait(retrieval: Retrieval): void {
    const { record } = retrieval;
    if (record.dropped) retrieval.reject(released(record, "before its value was fetched"));
    else record.onceChanged(() => this.#advance(retrieval));
  }
}

function outOfReach({ record: { key }, failure }: Retrieval): ClusterError {
  return new ClusterError(
    "CONNECTION_LOST",
    `the result of "${key}" was out of reach ${triesMax} times: this client must be able to connect to the workers' own addresses`,
    { cause: failure, retryable: true, details: { key } },
  );
}

function nextGroup(queue: Wanted[]): Wanted[] {
  let bytes = 0;
  const end = queue.findIndex(({ state }, index) => {
    bytes += state.bytes;
    return index >= tasksMax || (index > 0 && bytes > bytesMax);
  });
  return queue.splice(0, end === -1 ? queue.length : end);
}
