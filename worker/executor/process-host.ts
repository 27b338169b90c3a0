import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { LineSplitter } from "./line-splitter.ts";
import type { HostOptions, SlotHost, SlotListener } from "./slot-host.ts";
import { slotEntry } from "./slot-host.ts";
import type { Envelope, FromSlot, ToSlot } from "./slot-messages.ts";
import { openEnvelope } from "./slot-messages.ts";

/** V8's report of a heap that overflowed is longer than what a crash of other kinds leaves. */
const lastLinesMax = 40;

/** Pipes that outlive the process (a child of user code that left its group holds them) are waited for this long. */
const closeGraceMs = 1_000;

/** A process group is the slot's process with whatever user code started from there. Windows has none. */
const hasGroups = process.platform !== "win32";

/** Runs a slot as a child process, leader of a process group of its own. */
export function openProcess(options: HostOptions, listener: SlotListener): SlotHost {
  const child = spawn(
    process.execPath,
    [...processFlags(process.execArgv, options.maxHeapBytes), fileURLToPath(slotEntry)],
    {
      // The last pipe carries nothing: the slot watches it to notice, even while user code blocks, that we are gone.
      stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
      serialization: "advanced",
      detached: hasGroups,
    },
  );
  const lastLines: string[] = [];
  let error: Error | undefined;
  let exited = false;
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    clearTimeout(closeTimer);
    const { exitCode, signalCode } = child;
    const outOfMemory = lastLines.some((line) => line.includes("heap out of memory"));
    listener.ended({ exitCode, signal: signalCode, outOfMemory, error, lastLines });
  };
  let closeTimer: NodeJS.Timeout | undefined;

  child.on("message", (received) => {
    const message = openEnvelope<FromSlot>(received);
    if (message !== undefined && !ended) listener.message(message);
  });
  for (const name of ["stdout", "stderr"] as const) {
    const lines = new LineSplitter((line) => {
      if (name === "stderr" && lastLines.push(line) > lastLinesMax) lastLines.shift();
      if (!ended) listener.output(name, line);
    });
    child[name]?.on("data", (chunk: Uint8Array) => lines.write(chunk));
    child[name]?.on("end", () => lines.flush());
  }
  // Pipe errors say only that the process is gone, which "exit" says better.
  // A process that could not be started for want of file descriptors has none.
  for (const stream of child.stdio ?? []) stream?.on("error", () => {});
  child.on("error", (thrown) => {
    error = thrown;
    // A process that could not be started has no exit.
    if (child.pid === undefined) end();
  });
  child.on("exit", () => {
    exited = true;
    // Children of user code end with their slot; what they held open closes, so that "close" comes soon.
    signalGroup(child, "SIGKILL");
    closeTimer = setTimeout(end, closeGraceMs);
  });
  child.on("close", end);
  return {
    pid: child.pid,
    send(message) {
      // A message to a process that has just ended goes nowhere; its exit answers for it.
      if (child.connected) child.send({ musterSlot: message } satisfies Envelope<ToSlot>, () => {});
    },
    end() {
      if (!exited) signalGroup(child, "SIGTERM");
    },
    kill() {
      if (!exited) signalGroup(child, "SIGKILL");
      return true;
    },
  };
}

/** Sends a signal to a slot's process and to those that it started. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (hasGroups) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // Nobody is left in the group, which is what was wanted; or nobody there may be signalled by us, which the deadline of
    // the kill ladder notices.
  }
}

/** Flags that belong to the host's own command line or debugger and would misfire in a second process. */
const hostOnlyFlags = /^(--inspect|--input-type|--eval|--print|--test|--watch|--check|--interactive|-[epcpi]$|-pe$)/;
const flagsWithSeparateValue: ReadonlySet<string> = new Set(["-e", "--eval", "-p", "--print", "-pe", "--input-type"]);

/** The flags of the host's process that a slot's process shares, with the slot's own heap limit. */
export function processFlags(execArgv: readonly string[], maxHeapBytes: number): string[] {
  const heapFlag = /^--max[-_]old[-_]space[-_]size/;
  const flags = execArgv.filter((flag, index) => {
    if (flagsWithSeparateValue.has(execArgv[index - 1] ?? "")) return false;
    return !hostOnlyFlags.test(flag) && !(maxHeapBytes > 0 && heapFlag.test(flag));
  });
  if (maxHeapBytes > 0) flags.push(`--max-old-space-size=${Math.max(1, Math.round(maxHeapBytes / 2 ** 20))}`);
  return flags;
}
