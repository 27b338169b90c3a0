import { ClusterError } from "../../../protocol/errors.ts";
import { connectNestedClient, type NestedClient, noCluster } from "../../../protocol/nested-client.ts";
import type { SlotJob } from "../slot-job.ts";
import type { SlotCluster } from "../slot-messages.ts";

/** The client of one job's context: connected when the task first asks for it, closed with the job. */
export class JobClient {
  readonly #job: SlotJob;
  readonly #cluster: SlotCluster | undefined;
  readonly #onWaiting: (waiting: boolean) => void;
  #client: Promise<NestedClient> | undefined;
  #closed = false;

  constructor(job: SlotJob, cluster: SlotCluster | undefined, onWaiting: (waiting: boolean) => void) {
    this.#job = job;
    this.#cluster = cluster;
    this.#onWaiting = onWaiting;
  }

  /** The same one each time. @throws ClusterError NOT_STARTED without a cluster; CLOSED after the end of the job. */
  async get(): Promise<NestedClient> {
    if (this.#cluster === undefined) throw noCluster(this.#job.key);
    this.#client ??= this.#connect(this.#cluster);
    const client = await this.#client;
    if (!this.#closed) return client;
    // It was connected while the job ended.
    await client.close();
    throw new ClusterError("CLOSED", `Task "${this.#job.key}" has ended, and the client of its context with it`);
  }

  /** Lets go of all that was submitted through it and is not needed elsewhere. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    // A client that could not be connected has nothing to close, and whoever asked for it was told why.
    await this.#client?.then((client) => client.close()).catch(() => {});
  }

  #connect({ address, token, tls }: SlotCluster): Promise<NestedClient> {
    const { key, flowRun } = this.#job;
    const client = connectNestedClient({ address, token, tls, parent: key, run: flowRun, onWaiting: this.#onWaiting });
    client.catch(() => {
      // The next call tries again.
      this.#client = undefined;
    });
    return client;
  }
}
