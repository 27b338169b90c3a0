import { ClusterError, ConfigurationError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { type Adapting, type AdaptOptions, resolveAdaptOptions } from "../adapt-options.ts";
import { AdaptiveLoop } from "../adaptive/loop.ts";
import type { Cluster, ClusterWorker } from "../cluster.ts";
import { checkDeployer, type Deployer } from "../deployer.ts";
import { SchedulerHost } from "../scheduler/scheduler-host.ts";
import { Fleet } from "./fleet.ts";
import {
  checkWithToken,
  completeDeployOptions,
  type DeployOptions,
  deployChecks,
  type ResolvedDeployOptions,
} from "./options.ts";
import { Roll } from "./roll.ts";
import { SchedulerLink } from "./scheduler-link.ts";

/**
 * A scheduler in a thread of this process, and workers that a deployer starts wherever it does. An open cluster keeps the
 * process alive, like a server does.
 */
export class DeployedCluster implements Cluster {
  /** Of the scheduler, `ws://host:port`. */
  readonly address: string;
  /** What a client must show. */
  readonly token: string;
  /** Where a browser finds the dashboard, which asks for the token; undefined without one. */
  readonly dashboardUrl: string | undefined;
  readonly #options: ResolvedDeployOptions;
  readonly #deployer: Deployer;
  readonly #log: Logger;
  readonly #scheduler: SchedulerHost;
  readonly #link: SchedulerLink;
  readonly #fleet: Fleet;
  #adapting: AdaptiveLoop | undefined;
  /** Ends when the scaling that was asked for last has ended, well or not. */
  #scaled: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #failure: ClusterError | undefined;

  /**
   * Resolves once every worker has joined. When anything fails, what was started by then is ended.
   * @throws ConfigurationError BAD_OPTION, PORT_IN_USE, BAD_ADDRESS; what the deployer throws; WORKER_LOST or TIMED_OUT when
   * a worker ended or did not join, with its last lines
   */
  static async deploy(deployer: Deployer, options: DeployOptions = {}): Promise<DeployedCluster> {
    checkDeployer(deployer);
    checkWithToken("DeployedCluster", options, deployChecks);
    return DeployedCluster.launch(deployer, completeDeployOptions(options), DeployedCluster);
  }

  /** For subclasses, whose instance it makes. */
  protected static async launch<C extends DeployedCluster>(
    deployer: Deployer,
    options: ResolvedDeployOptions,
    kind: new (deployer: Deployer, options: ResolvedDeployOptions, scheduler: SchedulerHost, link: SchedulerLink) => C,
  ): Promise<C> {
    const { host, port, token, dashboard, noWorkersTimeoutMs, allowedWorkerLosses, log } = options;
    const limits = { noWorkersTimeoutMs, allowedWorkerLosses };
    const scheduler = await SchedulerHost.start({ host, port, token, dashboard, ...limits }, log);
    let cluster: C | undefined;
    try {
      cluster = new kind(deployer, options, scheduler, await SchedulerLink.open(scheduler.address, token));
      await cluster.scale(options.nWorkers);
      // Starting is no idleness.
      if (options.idleTimeoutMs !== undefined) scheduler.closeWhenIdle(options.idleTimeoutMs);
      return cluster;
    } catch (error) {
      await (cluster?.close() ?? scheduler.close("the cluster could not be started"));
      throw error;
    }
  }

  /** Use `deploy`. */
  constructor(deployer: Deployer, options: ResolvedDeployOptions, scheduler: SchedulerHost, link: SchedulerLink) {
    this.#deployer = deployer;
    this.#options = options;
    this.#log = options.log;
    this.#scheduler = scheduler;
    this.#link = link;
    this.address = scheduler.address;
    this.token = options.token;
    this.dashboardUrl = scheduler.dashboardUrl;
    this.#fleet = new Fleet({
      deployer,
      spec: { address: this.address, token: this.token, slots: options.threadsPerWorker },
      startTimeoutMs: options.startTimeoutMs,
      link,
      roll: new Roll(() => link.load()),
      log: this.#log,
      onHopeless: (error) => void this.#close(error),
    });
    // Without its scheduler, be it idle for too long or broken, the rest of the cluster is of no use.
    scheduler.closed.then(
      () => this.close(),
      (error: ClusterError) => {
        this.#log.error({ error }, "the cluster closes because its scheduler broke");
        return this.#close(error);
      },
    );
  }

  /** The workers at this moment. */
  get workers(): readonly ClusterWorker[] {
    return this.#fleet.all.map((member) => member.shown);
  }

  /**
   * Brings the number of workers to `n`, and ends scaling by itself. Newcomers have joined when it resolves; leavers have
   * finished what they ran, handed over the results that only they held, and are gone. Calls are carried out one after another.
   * @throws ConfigurationError BAD_OPTION; ClusterError CLOSED; why a worker could not be started
   */
  scale(n: number): Promise<void> {
    if (!Number.isInteger(n) || n < 0) {
      const message = `cannot scale to ${n} workers: give a whole number, 0 or more`;
      return Promise.reject(new ConfigurationError("BAD_OPTION", message));
    }
    const scaled = this.#scaled.then(async () => {
      await this.#adapting?.stop();
      this.#checkOpen();
      try {
        await this.#fleet.scaleTo(n);
      } catch (error) {
        this.#checkOpen();
        throw error;
      }
      this.#checkOpen();
    });
    this.#scaled = scaled.catch(() => undefined);
    return scaled;
  }

  /**
   * From now on the number of workers follows the work at hand, until the returned object's `stop()` or `scale(n)`. Called
   * again, the new bounds take the place of the old.
   * @throws ConfigurationError BAD_OPTION naming every bad option; ClusterError CLOSED
   */
  adapt(options: AdaptOptions = {}): Adapting {
    const resolved = resolveAdaptOptions(options, "adapt");
    this.#checkOpen();
    void this.#adapting?.stop();
    this.#adapting = new AdaptiveLoop({
      options: resolved,
      slotsPerWorker: this.#options.threadsPerWorker,
      fleet: this.#fleet,
      load: () => this.#link.load(),
      tell: (decision) => this.#link.tell(decision),
      log: this.#log,
    });
    return this.#adapting;
  }

  /** The last log lines of the scheduler (under "scheduler") and of each worker, oldest first. */
  async logs(): Promise<Record<string, string[]>> {
    const logs: Record<string, string[]> = { scheduler: this.#scheduler.logs() };
    for (const { name, deployment } of this.#fleet.all) logs[name] = [...((await deployment?.logs()) ?? [])];
    return logs;
  }

  /** Stops everything at once, running tasks included. May be called at any time; every call waits for the same end. */
  close(): Promise<void> {
    return this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #close(failure?: ClusterError): Promise<void> {
    this.#failure ??= failure;
    this.#closing ??= this.#takeDown(failure);
    return this.#closing;
  }

  async #takeDown(failure: ClusterError | undefined): Promise<void> {
    const reason = failure === undefined ? "the cluster was closed" : `the cluster closed: ${failure.message}`;
    const stopped = this.#adapting?.stop();
    await Promise.all([this.#fleet.close(), this.#scheduler.close(reason), this.#link.close(), stopped]);
    await this.#scaled;
    // What a scaling that was under way had started after the others were ended.
    await this.#fleet.close();
    await this.#deployer.close?.();
  }

  #checkOpen(): void {
    if (this.#closing === undefined) return;
    const why = this.#failure === undefined ? "" : ` (${this.#failure.message})`;
    throw new ClusterError("CLOSED", `the cluster was closed${why}: start another one`, { cause: this.#failure });
  }
}
