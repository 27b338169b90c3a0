import { getHeapStatistics } from "node:v8";
import { isMainThread, Worker } from "node:worker_threads";
import { assertNever } from "../../../protocol/errors.ts";
import { installOwnResolution, isOwnCode } from "../../../protocol/own-module.ts";
import { Profiler } from "../../../protocol/profiler.ts";
import { collectGarbage } from "../garbage.ts";
import { JobReader } from "../job-wire.ts";
import type { ProfileOrder } from "../slot-job.ts";
import type { SlotCluster, SlotWorker, ToSlot } from "../slot-messages.ts";
import { trapExit } from "./exit-trap.ts";
import { Output } from "./output.ts";
import { endOwnGroup } from "./own-group.ts";
import { takeChannel } from "./slot-channel.ts";
import { SlotRuntime } from "./slot-runtime.ts";

// The entry point of every slot, whether it is a thread or a process.

const channel = takeChannel();
const output = new Output(channel);
const profiler = new Profiler(isOwnCode);
const jobs = new JobReader();
let runtime: SlotRuntime | undefined;

// A thread ends with its process by itself.
if (isMainThread) watchParent();
process.setSourceMapsEnabled(true);
installOwnResolution();
output.capture();
trapExit(channel, output);
channel.onMessage(receive);

function receive(message: ToSlot): void {
  switch (message.kind) {
    case "init":
      runtime = startRuntime(message.worker, message.cluster);
      return channel.send({ kind: "ready", heapLimitBytes: getHeapStatistics().heap_size_limit });
    case "run":
      return runtime?.take([message.job]);
    case "run-packed":
      return runtime?.take(jobs.read(message.jobs));
    case "collect-garbage":
      return collectGarbage();
    case "profile":
      return profile(message.order);
    case "abort":
      return runtime?.abort(message.job, message.error);
    default:
      return assertNever(message);
  }
}

function startRuntime(worker: SlotWorker, cluster: SlotCluster | undefined): SlotRuntime {
  const started = new SlotRuntime(channel, output, worker, cluster);
  process.on("uncaughtException", (error) => started.uncaught(error));
  process.on("unhandledRejection", (reason) => started.uncaught(reason));
  return started;
}

function profile(order: ProfileOrder): void {
  if (order === "start") return profiler.start();
  channel.send({ kind: "profile", frames: order === "collect" ? profiler.collect() : profiler.stop() });
}

/** Nothing of this process may outlive the process that started it. */
function watchParent(): void {
  process.on("disconnect", endOwnGroup);
  const entry = new URL(import.meta.url.endsWith(".ts") ? "./parent-watch.ts" : "./parent-watch.js", import.meta.url);
  // A heap of its own this small is plenty for a thread that waits for one event.
  new Worker(entry, { execArgv: [], env: {}, resourceLimits: { maxOldGenerationSizeMb: 16 } }).unref();
}
