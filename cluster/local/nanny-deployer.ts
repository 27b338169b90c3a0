import { isWildcard } from "../../protocol/external-address.ts";
import { Nanny } from "../../worker/nanny.ts";
import type { Deployer, Deployment, WorkerEnd, WorkerSpec } from "../deployer.ts";
import type { ResolvedLocalClusterOptions } from "./options.ts";

/** Starts each worker as a process of this machine, with a nanny in this process that watches it and starts it again. */
export class NannyDeployer implements Deployer {
  readonly #options: ResolvedLocalClusterOptions;

  constructor(options: ResolvedLocalClusterOptions) {
    this.#options = options;
  }

  async start(worker: WorkerSpec, signal: AbortSignal): Promise<Deployment> {
    const { executor, memoryLimitBytes, host, log } = this.#options;
    // A wildcard is nothing that others could dial: the worker finds an address by itself.
    const reachable = isWildcard(host) ? undefined : host;
    return new NannyDeployment(
      await Nanny.start({ ...worker, executor, memoryLimitBytes, host: reachable, log, signal }),
    );
  }
}

class NannyDeployment implements Deployment {
  readonly ended: Promise<WorkerEnd>;
  readonly #nanny: Nanny;

  constructor(nanny: Nanny) {
    this.#nanny = nanny;
    this.ended = nanny.closed.then(
      () => ({ expected: true, reason: "it was told to end" }),
      (error: unknown) => ({ expected: false, reason: error instanceof Error ? error.message : String(error) }),
    );
  }

  get pid(): number | undefined {
    return this.#nanny.pid;
  }

  get address(): string | undefined {
    return this.#nanny.address;
  }

  get status(): "starting" | "running" | "retiring" | "ended" {
    return this.#nanny.status;
  }

  stop(): Promise<void> {
    return this.#nanny.close();
  }

  async logs(): Promise<readonly string[]> {
    return this.#nanny.logs();
  }
}
