import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { goesAsBytes, JobWriter, readNews } from "./job-wire.ts";
import { HostLane } from "./lane.ts";
import { LineSplitter } from "./line-splitter.ts";
import { postableChunks } from "./own-chunks.ts";
import type { HostOptions, SlotHost, SlotListener } from "./slot-host.ts";
import { slotEntry } from "./slot-host.ts";
import { type FromSlot, look, type ToSlot } from "./slot-messages.ts";

/** Runs a slot as a worker thread of this process. */
export function openThread(options: HostOptions, listener: SlotListener): SlotHost {
  // A port of our own, so that what user code posts on its parentPort never meets our messages.
  const { port1: port, port2: slotPort } = new MessageChannel();
  const lane = new HostLane();
  const thread = new Worker(slotEntry, {
    name: "muster slot",
    workerData: { slotPort, lane: lane.memory },
    transferList: [slotPort],
    stdout: true,
    stderr: true,
    ...threadFlags(process.execArgv),
    resourceLimits: options.maxHeapBytes > 0 ? { maxOldGenerationSizeMb: options.maxHeapBytes / 2 ** 20 } : {},
  });
  let error: unknown;
  const drain = (): void => lane.drain(readNews, (news) => listener.message(news));
  const receive = (message: FromSlot | typeof look): void => {
    // What lies in the lane was told before this was sent, even if nobody was to look at it yet.
    drain();
    if (message !== look) listener.message(message);
  };
  const packed = new JobWriter();
  // All that goes as bytes in one turn goes as one message, before whatever follows it.
  const flush = (): void => {
    if (packed.isEmpty) return;
    const jobs = packed.take();
    port.postMessage({ kind: "run-packed", jobs } satisfies ToSlot, [jobs.buffer]);
  };
  port.on("message", receive);
  for (const name of ["stdout", "stderr"] as const) {
    const lines = new LineSplitter((line) => listener.output(name, line));
    thread[name].on("data", (chunk: Uint8Array) => lines.write(chunk));
    thread[name].on("end", () => lines.flush());
  }
  thread.on("error", (thrown) => {
    error = thrown;
  });
  thread.on("exit", (exitCode) => {
    // What the thread said last may still lie in the port: it counts, and comes before the news of the end.
    port.off("message", receive);
    for (let last = receiveMessageOnPort(port); last !== undefined; last = receiveMessageOnPort(port)) {
      receive(last.message as FromSlot | typeof look);
    }
    drain();
    port.close();
    const outOfMemory = (error as { code?: unknown } | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY";
    listener.ended({ exitCode, signal: null, outOfMemory, error, lastLines: [] });
  });
  return {
    pid: undefined,
    lane: {
      recall() {
        flush();
        return lane.recall();
      },
      drain,
    },
    send(message) {
      if (message.kind === "run") lane.sent();
      if (message.kind === "run" && goesAsBytes(message.job)) {
        if (packed.isEmpty) queueMicrotask(flush);
        return packed.add(message.job);
      }
      flush();
      if (message.kind !== "run") return port.postMessage(message);
      const args = postableChunks(message.job.args);
      const inputs = message.job.inputs.map(postableChunks);
      const job = { ...message.job, args: args.chunks, inputs: inputs.map((input) => input.chunks) };
      port.postMessage(
        { kind: "run", job } satisfies ToSlot,
        [args, ...inputs].flatMap((value) => value.transfer),
      );
    },
    end() {
      // The "exit" event tells when it has ended; the promise says the same.
      void thread.terminate();
    },
    kill: () => false,
  };
}

/** A thread takes over its process' flags, save for one that makes sense only for code given on the command line. */
function threadFlags(execArgv: readonly string[]): { execArgv?: string[] } {
  return execArgv.some((flag) => flag.startsWith("--input-type")) ? { execArgv: [] } : {};
}
