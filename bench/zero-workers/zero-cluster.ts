import { createToken } from "../../protocol/token.ts";
import { type Program, ProgramGroup } from "../peers/program-group.ts";

/** A million tasks take their room, and how much it is has to be found out whatever it is. */
const schedulerFlags = ["--expose-gc", "--max-old-space-size=12288"];

/** A scheduler in a process of its own, and workers that answer at once and run nothing, all in another process. */
export class ZeroCluster implements AsyncDisposable {
  readonly address: string;
  readonly token: string;
  readonly #group: ProgramGroup;
  readonly #scheduler: Program<{ readonly address: string }>;
  readonly #workers: Program<unknown>;

  static start(workers: number): Promise<ZeroCluster> {
    const token = createToken();
    const options = { name: "the zero-cluster", importer: import.meta.url, env: { MUSTER_TOKEN: token } };
    return ProgramGroup.start(options, async (group) => {
      const scheduler = await group.launch<{ readonly address: string }>("scheduler", [], schedulerFlags);
      const cluster = new ZeroCluster(
        token,
        group,
        scheduler,
        await group.launch("workers", [scheduler.hello.address]),
      );
      await cluster.add(workers);
      return cluster;
    });
  }

  private constructor(
    token: string,
    group: ProgramGroup,
    scheduler: Program<{ readonly address: string }>,
    workers: Program<unknown>,
  ) {
    this.address = scheduler.hello.address;
    this.token = token;
    this.#group = group;
    this.#scheduler = scheduler;
    this.#workers = workers;
  }

  /** Resolves once they have joined. */
  async add(workers: number): Promise<void> {
    await this.#workers.ask({ workers });
  }

  /** Of the scheduler, without garbage. */
  async heapBytes(): Promise<number> {
    return (await this.#scheduler.ask<{ readonly heapBytes: number }>({})).heapBytes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#group[Symbol.asyncDispose]();
  }
}
