// The entry point of a worker process. It is started by a nanny and speaks to it over IPC.
import { rmSync } from "node:fs";
import type { WireError } from "../protocol/errors.ts";
import { toWireError } from "../protocol/wire-error.ts";
import { exitCodes } from "./exit-codes.ts";
import type { NannyToWorker, WorkerToNanny } from "./nanny/messages.ts";
import { parentLog } from "./nanny/parent-log.ts";
import { Worker } from "./worker.ts";

/** How often to tell the nanny what runs, if that has changed. */
const tellRunningMs = 100;

let temporaryDirectory: string | undefined;
let worker: Worker | undefined;

function send(message: WorkerToNanny): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

/** Ends the process once the nanny has the error. */
function fail(error: WireError, exitCode: number): void {
  process.send?.({ kind: "failed", error } satisfies WorkerToNanny, undefined, undefined, () => process.exit(exitCode));
}

async function run({ options }: Extract<NannyToWorker, { readonly kind: "start" }>): Promise<void> {
  try {
    worker = await Worker.start({ ...options, log: parentLog(send) });
  } catch (error) {
    return fail(toWireError(error, "NOT_STARTED"), exitCodes.startFailed);
  }
  send({ kind: "registered", address: worker.address });
  tellRunning(worker);
  const { end, reason, error } = await worker.ended;
  switch (end) {
    case "stopped":
    case "restart":
      return process.exit(exitCodes[end]);
    case "lost":
      return fail(toWireError(error, "SCHEDULER_UNREACHABLE"), exitCodes.schedulerLost);
    case "stuck":
      process.send?.(
        {
          kind: "log",
          level: "error",
          fields: {},
          message: `the worker process kills itself: ${reason}`,
        } satisfies WorkerToNanny,
        undefined,
        undefined,
        killAll,
      );
  }
}

/** So that the nanny knows, when this process ends all of a sudden, what it was doing. */
function tellRunning(started: Worker): void {
  let told = "";
  const tell = (): void => {
    const keys = started.runningKeys;
    const now = keys.join("\n");
    if (now === told) return;
    told = now;
    send({ kind: "running", keys });
  };
  setInterval(tell, tellRunningMs).unref();
}

/** Its nanny has found this process too large. What the tasks here hold may be why, so the scheduler is to suspect them. */
async function endDoomed(reason: string): Promise<void> {
  const keys = worker?.runningKeys ?? [];
  const doing = keys.length === 0 ? "no task ran" : `it ran ${keys.map((key) => `"${key}"`).join(", ")}`;
  await worker?.accuse(`${reason}; ${doing}`);
  killAll();
}

/** An exit would wait for a thread that sits in native code. This does not, and takes along what tasks have started. */
function killAll(): void {
  // A nanny makes its worker the leader of a process group; on Windows there are none.
  process.kill(process.platform === "win32" ? process.pid : -process.pid, "SIGKILL");
}

function stop(how: "drain" | "now"): void {
  // One that has not started yet has nothing to say goodbye to, and its nanny removes its files.
  if (worker === undefined) process.exit(exitCodes.stopped);
  void worker.close({ drain: how === "drain" });
}

process.on("message", (received) => {
  const message = received as NannyToWorker;
  if (message.kind === "stop") return stop(message.how);
  if (message.kind === "doomed") return void endDoomed(message.reason);
  temporaryDirectory = message.temporaryDirectory;
  void run(message);
});

// Nobody would restart, stop or even know of a worker without its nanny. Slots in processes end themselves once we are gone.
process.on("disconnect", () => {
  if (temporaryDirectory !== undefined) rmSync(temporaryDirectory, { recursive: true, force: true });
  killAll();
});

process.on("SIGTERM", () => stop("now"));
process.on("SIGINT", () => stop("now"));
