import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

interface Attached {
  readonly sessionId: string;
  readonly workerInfo: { readonly title: string };
}

/** Looks into the heaps of this process's threads from the outside, as a debugger does. */
export class ThreadHeaps {
  readonly #session = new Session();
  readonly #threads = new Map<string, string>();
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastCall = 0;

  static async open(): Promise<ThreadHeaps> {
    const heaps = new ThreadHeaps();
    await heaps.#session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
    return heaps;
  }

  private constructor() {
    this.#session.connect();
    this.#session.on("NodeWorker.attachedToWorker", ({ params }: { params: Attached }) => {
      this.#threads.set(params.workerInfo.title, params.sessionId);
    });
    this.#session.on("NodeWorker.receivedMessageFromWorker", ({ params }: { params: { message: string } }) => {
      const { id, result } = JSON.parse(params.message) as { id?: number; result?: unknown };
      if (id !== undefined) this.#waiting.get(id)?.(result);
    });
  }

  /** The bytes in use on the heap of the thread whose name holds this, after a collection of garbage. */
  async usedBytes(name: string): Promise<number> {
    const found = [...this.#threads].find(([title]) => title.includes(name));
    if (found === undefined) throw new Error(`no thread is named ${name}, but ${[...this.#threads.keys()].join(", ")}`);
    await this.#call(found[1], "HeapProfiler.collectGarbage");
    const { usedSize } = (await this.#call(found[1], "Runtime.getHeapUsage")) as { usedSize: number };
    return usedSize;
  }

  close(): void {
    this.#session.disconnect();
  }

  async #call(sessionId: string, method: string): Promise<unknown> {
    const id = ++this.#lastCall;
    const answered = new Promise((resolve) => this.#waiting.set(id, resolve));
    await this.#session.post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify({ id, method }) });
    return answered.finally(() => this.#waiting.delete(id));
  }
}

/** The memory that a process occupies now. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`process ${pid} occupies no memory`);
  return Number(kilobytes) * 1024;
}
