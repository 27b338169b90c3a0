import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { scheduler } from "node:timers/promises";
import { type Ended, MusterBench, type RunningMuster } from "../cli/muster.ts";
import { TcpProxy } from "./proxy.ts";
import type { Tally } from "./tally.ts";

export const token = "chaos";

/** One `muster worker` command. */
interface Post {
  readonly name: string;
  readonly nanny: boolean;
  /** In turn, at each restart. */
  readonly executors: readonly ("threads" | "processes")[];
}

const posts: readonly Post[] = [
  { name: "nannied-threads", nanny: true, executors: ["threads"] },
  { name: "nannied-processes", nanny: true, executors: ["processes"] },
  { name: "bare", nanny: false, executors: ["threads", "processes"] },
];

/** A scheduler and workers, each a command in a process of its own; a worker command that ends is started again. */
export class Fleet {
  readonly #bench: MusterBench = new MusterBench();
  readonly #tally: Tally;
  readonly #ending = new AbortController();
  readonly #running = new Map<Post, RunningMuster>();
  readonly #posts: Promise<void>[] = [];
  #scheduler!: RunningMuster;
  /** Of the scheduler itself. */
  address: string = "";
  /** The way of the clients. */
  clientProxy!: TcpProxy;
  /** The ways of the workers. */
  readonly workerProxies: TcpProxy[] = [];
  /** Rejects if the scheduler ends, which nobody told it to. */
  broken!: Promise<never>;

  static async start(tally: Tally): Promise<Fleet> {
    const fleet = new Fleet(tally);
    try {
      await fleet.#open();
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  private constructor(tally: Tally) {
    this.#tally = tally;
  }

  async #open(): Promise<void> {
    this.#scheduler = this.#start(["scheduler", "--port", "0"]);
    this.address = (await this.#scheduler.says(/Scheduler at (\S+)/))[1] as string;
    this.broken = this.#scheduler.ended.then((ended) => {
      if (this.#ending.signal.aborted) return new Promise<never>(() => undefined);
      throw new Error(`the scheduler ended by itself:\n${tail(ended)}`);
    });
    this.broken.catch(() => undefined);
    this.clientProxy = await TcpProxy.start(this.address);
    for (const post of posts) {
      const proxy = await TcpProxy.start(this.address);
      this.workerProxies.push(proxy);
      this.#posts.push(this.#man(post, proxy.address));
    }
  }

  /** The end of what each of them wrote. */
  tails(): string {
    const each = [...this.#running].map(([{ name }, command]) => `${name}:\n${command.output.slice(-3_000)}`);
    return [`scheduler:\n${this.#scheduler.output.slice(-6_000)}`, ...each].join("\n\n");
  }

  /** Ends all commands as Ctrl-C does; resolves once they are gone. */
  async close(): Promise<void> {
    this.#ending.abort();
    for (const command of this.#running.values()) end(command);
    await Promise.all(this.#posts);
    for (const proxy of [...this.workerProxies, this.clientProxy]) await proxy?.close();
    if (this.#scheduler !== undefined) {
      end(this.#scheduler);
      await this.#scheduler.ended;
    }
    await this.#bench.close();
  }

  async #man(post: Post, address: string): Promise<void> {
    const { signal } = this.#ending;
    for (let count = 0; !signal.aborted; count++) {
      const directory = join(this.#bench.directory, post.name);
      mkdirSync(directory, { recursive: true });
      const executor = post.executors[count % post.executors.length] as string;
      const command = this.#start([
        "worker",
        address,
        ...["--name", post.name, "--nthreads", "2", "--executor", executor, "--memory-limit", "0"],
        // Nobody tidies up after a worker without a nanny that is killed: its files go where the harness does.
        ...(post.nanny ? [] : ["--no-nanny", "--local-directory", directory]),
      ]);
      this.#running.set(post, command);
      await command.ended;
      if (!signal.aborted) this.#tally.restarts++;
      await scheduler.wait(200, { signal }).catch(() => undefined);
    }
  }

  #start(args: readonly string[]): RunningMuster {
    return this.#bench.start([...args, "--quiet"], { env: { MUSTER_TOKEN: token } });
  }
}

function end(command: RunningMuster): void {
  if (command.child.exitCode === null && command.child.signalCode === null) command.signal("SIGINT");
}

const tail = ({ code, stdout, stderr }: Ended): string => `exit code ${code}\n${`${stdout}${stderr}`.slice(-5_000)}`;
