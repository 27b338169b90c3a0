import { Client } from "../../client/client.ts";
import { ClusterError, ConfigurationError } from "../../protocol/errors.ts";
import { isWildcard } from "../../protocol/external-address.ts";
import type { Logger } from "../../protocol/logger.ts";
import { availableCores } from "../../worker/executor/limits.ts";
import { Nanny } from "../../worker/nanny.ts";
import type { Cluster, ClusterWorker } from "../cluster.ts";
import { type LocalClusterOptions, type ResolvedLocalClusterOptions, resolveLocalClusterOptions } from "./options.ts";
import { SchedulerHost } from "./scheduler-host.ts";

/**
 * A scheduler and workers on this machine: the scheduler in a thread of this process, each worker in a process of its own.
 * An open cluster keeps the process alive, like a server does; however the process ends, its workers end with it.
 */
export class LocalCluster implements Cluster {
  /** Of the scheduler, `ws://host:port`. */
  readonly address: string;
  /** What a client must show. */
  readonly token: string;
  /** Where a browser finds the dashboard, which asks for the token; undefined without one. */
  readonly dashboardUrl: string | undefined;
  readonly #options: ResolvedLocalClusterOptions;
  readonly #log: Logger;
  readonly #scheduler: SchedulerHost;
  readonly #nannies = new Map<string, Nanny>();
  #lastWorker = -1;
  /** Ends when the scaling that was asked for last has ended, well or not. */
  #scaled: Promise<void> = Promise.resolve();
  /** Aborted when the cluster closes; every nanny listens to it, those that are only starting included. */
  readonly #ending = new AbortController();
  #closing: Promise<void> | undefined;
  #failure: unknown;

  /**
   * Resolves once every worker is registered. When anything fails, what was started by then is ended.
   * @throws ConfigurationError BAD_OPTION, PORT_IN_USE, BAD_ADDRESS
   */
  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const resolved = resolveLocalClusterOptions(options, availableCores());
    const { host, port, token, dashboard, idleTimeoutMs, noWorkersTimeoutMs, allowedWorkerLosses, log } = resolved;
    const limits = { noWorkersTimeoutMs, allowedWorkerLosses };
    const scheduler = await SchedulerHost.start({ host, port, token, dashboard, ...limits }, log);
    const cluster = new LocalCluster(resolved, scheduler);
    try {
      await cluster.scale(resolved.nWorkers);
      // Starting is no idleness.
      if (idleTimeoutMs !== undefined) scheduler.closeWhenIdle(idleTimeoutMs);
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  private constructor(options: ResolvedLocalClusterOptions, scheduler: SchedulerHost) {
    this.#options = options;
    this.#log = options.log;
    this.#scheduler = scheduler;
    this.address = scheduler.address;
    this.dashboardUrl = scheduler.dashboardUrl;
    this.token = options.token;
    // Without its scheduler, be it idle for too long or broken, the rest of the cluster is of no use.
    scheduler.closed.then(
      () => this.close(),
      (error: unknown) => {
        this.#failure = error;
        this.#log.error({ error }, "the cluster closes because its scheduler broke");
        return this.close();
      },
    );
  }

  /** The workers at this moment. */
  get workers(): readonly ClusterWorker[] {
    return [...this.#nannies.values()].map((nanny) => ({
      name: nanny.name,
      pid: nanny.pid,
      address: nanny.address,
      status: nanny.status,
      slots: nanny.slots,
    }));
  }

  /**
   * Brings the number of workers to `n`. Newcomers are registered when it resolves; leavers have finished what they ran,
   * handed over the results that only they held, and are gone. Calls are carried out one after another.
   * @throws ConfigurationError BAD_OPTION; ClusterError CLOSED
   */
  scale(n: number): Promise<void> {
    if (!Number.isInteger(n) || n < 0) {
      const message = `cannot scale to ${n} workers: give a whole number, 0 or more`;
      return Promise.reject(new ConfigurationError("BAD_OPTION", message));
    }
    const scaled = this.#scaled.then(() => this.#scaleTo(n));
    this.#scaled = scaled.catch(() => undefined);
    return scaled;
  }

  /** The last log lines of the scheduler (under "scheduler") and of each worker, oldest first. */
  async logs(): Promise<Record<string, string[]>> {
    const logs: Record<string, string[]> = { scheduler: this.#scheduler.logs() };
    for (const nanny of this.#nannies.values()) logs[nanny.name] = [...nanny.logs()];
    return logs;
  }

  /** Stops everything at once, running tasks included. May be called at any time; every call waits for the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    const ended = [...this.#nannies.values()].map((nanny) => nanny.close());
    await Promise.all([this.#scheduler.close("the cluster was closed"), this.#scaled, ...ended]);
  }

  async #scaleTo(n: number): Promise<void> {
    this.#checkOpen();
    // Those that ended by themselves were kept for their logs alone.
    for (const nanny of this.#nannies.values()) if (nanny.status === "ended") this.#nannies.delete(nanny.name);
    const missing = n - this.#nannies.size;
    if (missing > 0) await this.#add(missing);
    else if (missing < 0) await this.#retire(-missing);
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    const why = this.#failure === undefined ? "" : " because its scheduler broke";
    throw new ClusterError("CLOSED", `the cluster was closed${why}: start another one`, { cause: this.#failure });
  }

  async #add(count: number): Promise<void> {
    const outcomes = await Promise.allSettled(Array.from({ length: count }, () => this.#startWorker()));
    const started = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    for (const nanny of started) this.#nannies.set(nanny.name, nanny);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed === undefined && this.#closing === undefined) return;
    // Half of what was asked for helps nobody who then sees an error.
    await Promise.all(started.map((nanny) => this.#endWorker(nanny)));
    this.#checkOpen();
    throw failed?.reason;
  }

  #startWorker(): Promise<Nanny> {
    this.#lastWorker += 1;
    return Nanny.start({
      address: this.address,
      token: this.token,
      name: `worker-${this.#lastWorker}`,
      slots: this.#options.threadsPerWorker,
      executor: this.#options.executor,
      memoryLimitBytes: this.#options.memoryLimitBytes,
      // A wildcard is nothing that others could dial: the worker finds an address by itself.
      host: isWildcard(this.#options.host) ? undefined : this.#options.host,
      log: this.#log,
      signal: this.#ending.signal,
    });
  }

  async #endWorker(nanny: Nanny): Promise<void> {
    await nanny.close();
    this.#nannies.delete(nanny.name);
  }

  /** Through a client for so long as it takes: one that stayed connected would keep the cluster from being idle. */
  async #retire(count: number): Promise<void> {
    const client = await Client.connect(this, { name: "cluster" });
    try {
      const { workers } = await client.info();
      const load = new Map(workers.map((worker) => [worker.name, worker.assigned]));
      // The least busy go first; a worker that the scheduler does not know (it is being restarted) has nothing to lose.
      const leaving = [...this.#nannies.values()]
        .sort((a, b) => (load.get(a.name) ?? -1) - (load.get(b.name) ?? -1))
        .slice(0, count);
      const known = leaving.map((nanny) => nanny.name).filter((name) => load.has(name));
      if (known.length > 0) await client.retireWorkers(known);
      await Promise.all(leaving.map((nanny) => this.#endWorker(nanny)));
    } finally {
      await client.close();
    }
  }
}
