import { createToken } from "../../protocol/token.ts";
import { LineProcess } from "../peers/line-process.ts";
import { ownProgram } from "../peers/own-program.ts";

/** A million tasks take their room, and how much it is has to be found out whatever it is. */
const schedulerFlags = ["--expose-gc", "--max-old-space-size=12288"];

/** A scheduler in a process of its own, and workers that answer at once and run nothing, all in another process. */
export class ZeroCluster implements AsyncDisposable {
  readonly address: string;
  readonly token: string;
  readonly #scheduler: LineProcess;
  readonly #workers: LineProcess;

  static async start(workers: number): Promise<ZeroCluster> {
    const token = createToken();
    const env = { MUSTER_TOKEN: token };
    await using started = new AsyncDisposableStack();
    const program = (name: string): string => ownProgram(name, import.meta.url);
    const scheduler = await LineProcess.start(
      "the scheduler",
      process.execPath,
      [...schedulerFlags, program("scheduler")],
      env,
    );
    started.use(scheduler.process);
    const { address } = scheduler.hello as { readonly address: string };
    const zero = await LineProcess.start("zero-workers", process.execPath, [program("workers"), address], env);
    started.use(zero.process);
    const cluster = new ZeroCluster(address, token, scheduler.process, zero.process);
    await cluster.add(workers);
    started.move();
    return cluster;
  }

  private constructor(address: string, token: string, scheduler: LineProcess, workers: LineProcess) {
    this.address = address;
    this.token = token;
    this.#scheduler = scheduler;
    this.#workers = workers;
  }

  /** Resolves once they have joined. */
  async add(workers: number): Promise<void> {
    await this.#workers.ask({ workers });
  }

  /** Of the scheduler, without garbage. */
  async heapBytes(): Promise<number> {
    return ((await this.#scheduler.ask({})) as { readonly heapBytes: number }).heapBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#workers[Symbol.asyncDispose]();
    await this.#scheduler[Symbol.asyncDispose]();
  }
}
