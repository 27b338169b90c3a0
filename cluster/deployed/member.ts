import type { WorkerLoad } from "../../protocol/cluster-info.ts";
import type { ClusterWorker } from "../cluster.ts";
import type { Deployment } from "../deployer.ts";

/** A worker that the cluster is to have, through all the processes, containers or machines that take each other's place as it. */
export class Member {
  readonly name: string;
  readonly slots: number;
  /** "leaving": it was told to go, or is asked whether it can. "ended": gone for good, and kept for its logs alone. */
  state: "starting" | "live" | "leaving" | "ended" = "starting";
  /** When its present process was asked for. */
  askedMs: number = performance.now();
  deployment: Deployment | undefined;
  /** As the scheduler told it when it joined. */
  joined: WorkerLoad | undefined;
  /** How often in a row it could not be started, or ended soon after. */
  failures = 0;
  /** Aborted when nobody wants it any more. */
  readonly unwanted: AbortController = new AbortController();
  /** Resolves when it has joined for the first time; rejects when that failed. */
  readonly started: Promise<void>;
  /** Resolves when nothing is done for it any more. */
  life: Promise<void> = Promise.resolve();
  settleStarted!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  constructor(name: string, slots: number) {
    this.name = name;
    this.slots = slots;
    this.started = new Promise((resolve, reject) => {
      this.settleStarted = { resolve, reject };
    });
    // Nobody waits for those that a loop asked for.
    this.started.catch(() => undefined);
  }

  get isPresent(): boolean {
    return this.state === "starting" || this.state === "live";
  }

  /** For users. */
  get shown(): ClusterWorker {
    const { name, slots, deployment, joined } = this;
    const address = deployment !== undefined && "address" in deployment ? deployment.address : joined?.address;
    return { name, pid: deployment?.pid, address, status: this.#status, slots };
  }

  get #status(): ClusterWorker["status"] {
    if (this.state === "starting" || this.state === "ended") return this.state;
    return this.state === "leaving" ? "retiring" : (this.deployment?.status ?? "running");
  }
}
