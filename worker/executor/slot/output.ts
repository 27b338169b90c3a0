import { cutLogText } from "../../../protocol/log-limits.ts";
import type { LogLevel } from "../../../protocol/logger.ts";
import { LineSplitter } from "../line-splitter.ts";
import { type LogStream, streamLevels } from "../slot-job.ts";
import { currentJob } from "./current-job.ts";
import type { SlotChannel } from "./slot-channel.ts";

/** A loop that prints must not be able to fill the host's memory with lines. */
const linesPerSecondMax = 10_000;

/** Sends what user code prints to the host, line by line, with the job whose code printed it. */
export class Output {
  readonly #channel: SlotChannel;
  readonly #splitters: Record<"stdout" | "stderr", LineSplitter>;
  /** Whose half-finished lines the splitters hold. */
  #job: number | undefined;
  #secondMs = 0;
  #linesThisSecond = 0;

  constructor(channel: SlotChannel) {
    this.#channel = channel;
    this.#splitters = {
      stdout: new LineSplitter((line) => this.line("stdout", streamLevels.stdout, this.#job, line)),
      stderr: new LineSplitter((line) => this.line("stderr", streamLevels.stderr, this.#job, line)),
    };
  }

  /** Takes over process.stdout and process.stderr, and with them the console and Node's own warnings. */
  capture(): void {
    for (const name of ["stdout", "stderr"] as const) {
      const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
        const encoded = typeof chunk === "string" && typeof encoding === "string" && !/^utf-?8$/i.test(encoding);
        this.#write(name, encoded ? Buffer.from(chunk as string, encoding as BufferEncoding) : chunk);
        const done = typeof encoding === "function" ? encoding : callback;
        if (typeof done === "function") process.nextTick(done as () => void);
        return true;
      };
      process[name].write = write as typeof process.stdout.write;
    }
    // Node prints warnings past process.stderr, onto that of the host.
    process.removeAllListeners("warning");
    process.on("warning", (warning) =>
      this.#write("stderr", `${warning.stack ?? `${warning.name}: ${warning.message}`}\n`),
    );
  }

  /** Sends lines that have no end yet. */
  flush(): void {
    this.#splitters.stdout.flush();
    this.#splitters.stderr.flush();
  }

  line(stream: LogStream, level: LogLevel, job: number | undefined, text: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#secondMs >= 1_000) {
      this.#secondMs = nowMs;
      this.#linesThisSecond = 0;
    }
    this.#linesThisSecond += 1;
    if (this.#linesThisSecond > linesPerSecondMax) return;
    this.#channel.send({ kind: "log", job, stream, level, line: cutLogText(text) });
    if (this.#linesThisSecond === linesPerSecondMax) {
      const notice = `(${linesPerSecondMax} lines within a second: what follows in this second is left out)`;
      this.#channel.send({ kind: "log", job, stream: "log", level: "warn", line: notice });
    }
  }

  #write(name: "stdout" | "stderr", chunk: string | Uint8Array): void {
    const job = currentJob()?.id;
    if (job !== this.#job) {
      this.flush();
      this.#job = job;
    }
    this.#splitters[name].write(chunk);
  }
}
