import { setTimeout as delay } from "node:timers/promises";
import { ConfigurationError } from "../protocol/errors.ts";
import type { Logger } from "../protocol/logger.ts";
import { timerMs } from "../protocol/timer-ms.ts";
import { formatDuration } from "../protocol/units.ts";
import type { WorkerOptions } from "../worker/worker-options.ts";
import type { AnyCommand, CliCommand } from "./command.ts";
import { findAddress, requireToken } from "./connection-settings.ts";
import { interrupted, unlessInterrupted } from "./interruption.ts";
import {
  duration,
  either,
  oneOf,
  optional,
  resources,
  setting,
  size,
  text,
  type Values,
  wholeNumber,
  yes,
} from "./setting.ts";
import { readTls } from "./tls-settings.ts";

const settings = {
  address: optional("[address]", "of the scheduler, such as ws://127.0.0.1:8786", text),
  schedulerFile: optional("--scheduler-file <file>", "read the address from this file, once it is there", text),
  tokenFile: optional("--token-file <file>", "file that holds the scheduler's token", text),
  nworkers: setting(
    "--nworkers <number>",
    '"auto" divides the cores among processes and threads (default: 1)',
    either(oneOf("auto"), wholeNumber(1)),
    1,
  ),
  nthreads: optional(
    "--nthreads <number>",
    "tasks at once in each worker (default: its share of the cores)",
    wholeNumber(1),
  ),
  name: optional(
    "--name <name>",
    "of the worker; several get -0, -1, … behind it (default: made from the host's)",
    text,
  ),
  memoryLimit: optional("--memory-limit <size>", "of each worker; 0 for none (default: its share of the memory)", size),
  resources: setting("--resources <list>", "what tasks may ask for, such as GPU=2,foo=1", resources, {}),
  executor: setting(
    "--executor <kind>",
    "threads or processes (default: threads)",
    oneOf("threads", "processes"),
    "threads",
  ),
  host: optional("--host <address>", "where other workers reach this one (default: found out)", text),
  localDirectory: optional("--local-directory <folder>", "for temporary files (default: the system's)", text),
  deathTimeout: setting(
    "--death-timeout <duration>",
    "end after so long without the scheduler (default: 60s)",
    duration,
    60_000,
  ),
  reconnect: setting(
    "--reconnect <duration>",
    "how long to go on for a scheduler that was lost, in case it takes the worker back; 0 for not at all (default: 30s)",
    duration,
    30_000,
  ),
  lifetime: optional("--lifetime <duration>", "hand over and end after so long", duration),
  lifetimeStagger: setting(
    "--lifetime-stagger <duration>",
    "spread the ends by up to this much either way",
    duration,
    0,
  ),
  tlsCa: optional(
    "--tls-ca <file>",
    "trust the scheduler and workers by this authority (PEM), and let in only those who show its certificate",
    text,
  ),
  tlsCert: optional("--tls-cert <file>", "certificate to show (PEM): with it others reach this worker by wss", text),
  tlsKey: optional("--tls-key <file>", "the certificate's private key (PEM)", text),
  nanny: setting("--no-nanny", "run the worker in this process, with nobody to restart it", yes, true),
  quiet: setting("--quiet", "log errors only", yes, false),
};

const command: CliCommand<typeof settings> = {
  name: "worker",
  summary: "Start workers that run a scheduler's tasks.",
  settings,
  examples: [
    ["muster worker ws://127.0.0.1:8786", "one worker with all cores of this machine"],
    ["muster worker ws://10.0.0.5:8786 --nworkers 4 --nthreads 2", "four workers that run two tasks each"],
    ["muster worker --scheduler-file s.json --resources GPU=1", "where s.json says, for tasks that need a GPU"],
  ],
  logLevel: "info",
  async run({ values, origins, log, signal, print }) {
    const patience = { timeoutMs: values.deathTimeout, signal };
    const tls = readTls(values);
    const address = await findAddress(values, origins, patience);
    const token = await requireToken(address, values.tokenFile, patience);
    const workers = await unlessInterrupted(start(values, { address, token, tls, log }), signal);
    try {
      print(`${workers.length === 1 ? "Worker" : `${workers.length} workers`} for ${address}`);
      const ended = Promise.all(workers.map((worker) => untilEnded(worker, values, log, signal)));
      await Promise.race([interrupted(signal), ended]);
    } finally {
      await Promise.all(workers.map((worker) => worker.close()));
    }
    return 0;
  },
};

/** `muster worker`: one or more workers for a scheduler, until they are told to end. */
export const workerCommand: AnyCommand = command;

/** What this command needs of a worker, whether a nanny watches it or it lives in this process. */
interface RunningWorker {
  readonly name: string;
  /** Resolves when it has ended for good. */
  readonly closed: Promise<void>;
  close(options?: { readonly drain?: boolean | undefined }): Promise<void>;
}

async function start(
  values: Values<typeof settings>,
  connection: Pick<WorkerOptions, "address" | "token" | "tls" | "log">,
): Promise<RunningWorker[]> {
  const { shapeFor } = await import("../cluster/local/shape.ts");
  const { availableCores } = await import("../worker/executor/limits.ts");
  const shape = shapeFor(availableCores(), {
    ...(values.nworkers !== "auto" && { nWorkers: values.nworkers }),
    ...(values.nthreads !== undefined && { threadsPerWorker: values.nthreads }),
  });
  if (!values.nanny && shape.nWorkers > 1) {
    throw new ConfigurationError("BAD_OPTION", "--no-nanny runs one worker in this process: leave --nworkers out");
  }
  const options = {
    ...connection,
    slots: shape.threadsPerWorker,
    executor: values.executor,
    memoryLimitBytes: values.memoryLimit,
    resources: values.resources,
    host: values.host,
    localDirectory: values.localDirectory,
    deathTimeoutMs: values.deathTimeout,
    reconnectMs: values.reconnect,
  };
  const names = Array.from({ length: shape.nWorkers }, (_, index) =>
    values.name === undefined || shape.nWorkers === 1 ? values.name : `${values.name}-${index}`,
  );
  const kind = values.nanny ? (await import("../worker/nanny.ts")).Nanny : (await import("../worker/worker.ts")).Worker;
  const started = await Promise.allSettled(names.map((name) => kind.start({ ...options, name })));
  const workers = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const failure = started.find((result) => result.status === "rejected");
  if (failure === undefined) return workers;
  await Promise.all(workers.map((worker) => worker.close()));
  throw failure.reason;
}

/** Resolves when the worker has ended, of itself or because its time was up. */
async function untilEnded(
  worker: RunningWorker,
  values: Values<typeof settings>,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (values.lifetime === undefined) return worker.closed;
  // Spread, so that workers that were started together do not all leave together.
  const spreadMs = (Math.random() * 2 - 1) * values.lifetimeStagger;
  const timeUp = Symbol();
  const life = delay(timerMs(Math.max(0, values.lifetime + spreadMs)), timeUp, { signal }).catch(() => undefined);
  if ((await Promise.race([worker.closed, life])) !== timeUp) return;
  log.info(
    { worker: worker.name },
    `its lifetime of ${formatDuration(values.lifetime)} is over; it hands over and ends`,
  );
  await worker.close({ drain: true });
}
