import { ConfigurationError } from "../protocol/errors.ts";

// What it takes to build a cluster on some platform: start, stop, observe and read the logs of one worker. All the rest
// (the scheduler, scaling, replacing what was lost, taking everything down) is the cluster's.

/** One worker that is to be started: `muster worker <address> --name <name> --nthreads <slots>`, or the same by other means. */
export interface WorkerSpec {
  /** Unique in the cluster. One that takes the place of a lost worker has its name. */
  readonly name: string;
  /** Of the scheduler, `ws://host:port`. */
  readonly address: string;
  /** A secret: hand it over by environment (`MUSTER_TOKEN`) or file, never as a process's argument. */
  readonly token: string;
  readonly slots: number;
}

/** How a worker ended. */
export interface WorkerEnd {
  /** It ended because it was told to, by `stop` or by the scheduler: nobody is to take its place. */
  readonly expected: boolean;
  /** For people, such as "exit code 1". */
  readonly reason: string;
}

/** A worker that was started. */
export interface Deployment {
  /** Resolves once it is gone for good, however that came about; never rejects. */
  readonly ended: Promise<WorkerEnd>;
  /** Ends it at once. Resolves once it is gone; called again, or after its end, it only waits for that. Never rejects. */
  stop(): Promise<void>;
  /** The last lines that it wrote, oldest first; also after its end. */
  logs(): Promise<readonly string[]>;
  /** Of the worker process, where that is known. */
  readonly pid?: number | undefined;
  /** Where its data is reached, if that can change and is known; otherwise what the scheduler says. */
  readonly address?: string | undefined;
  /** "starting" while the platform replaces the worker's process by itself, if that can be known. */
  readonly status?: "starting" | "running" | "retiring" | "ended" | undefined;
}

/** Starts workers on some platform. */
export interface Deployer {
  /**
   * Starts one worker. Resolves once the platform has taken it on; that it is there, the cluster hears from the scheduler.
   * Called for several workers at once. Rejects, leaving nothing behind, with the reason why it cannot be started, or
   * because `signal` was aborted: then nobody wants it any more.
   */
  start(worker: WorkerSpec, signal: AbortSignal): Promise<Deployment>;
  /** Removes what the workers had in common. Called once, after the last worker's end. */
  close?(): Promise<void>;
}

/** @throws ConfigurationError BAD_OPTION */
export function checkDeployer(value: unknown): void {
  if (typeof (value as Partial<Deployer> | null | undefined)?.start === "function") return;
  const message = "DeployedCluster.deploy takes a deployer first: an object with start(worker, signal)";
  throw new ConfigurationError("BAD_OPTION", message);
}
