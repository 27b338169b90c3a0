import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { eventually } from "../../eventually.ts";

/** A Docker engine of the tests' own: nothing of it is shared with one that the machine may have. */
export class EngineProcess {
  /** As the option `dockerHost` takes it. */
  readonly host: string;
  readonly client: Docker;
  readonly #directory: string;
  readonly #process: ChildProcess;

  /** Fails, with the engine's own last words, where none can be started: there is nothing to be tested without one. */
  static async start(): Promise<EngineProcess> {
    const directory = mkdtempSync(join(tmpdir(), "docker-"));
    const socket = join(directory, "socket");
    const args = [
      ...["--data-root", join(directory, "data"), "--exec-root", join(directory, "exec")],
      ...["--pidfile", join(directory, "pid"), "--host", `unix://${socket}`],
      // Clusters make networks of their own, and none of them needs the outside.
      ...["--bridge", "none", "--iptables=false", "--ip-masq=false", "--log-level", "warn"],
    ];
    // What it mounts is its own, and gone with it: an engine that ends leaves some of that behind.
    const child = spawn("unshare", ["--mount", "dockerd", ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text) => {
      said = `${said}${text}`.slice(-4_000);
    });
    const failed = new Promise<never>((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`it ended with exit code ${code}`)));
    });
    failed.catch(() => undefined);
    const engine = new EngineProcess(directory, socket, child);
    try {
      const answers = (): Promise<boolean> =>
        engine.client.ping().then(
          () => true,
          () => false,
        );
      await Promise.race([failed, eventually("the Docker engine to answer", answers, 60_000)]);
      return engine;
    } catch (error) {
      await engine.stop();
      throw new Error(`no Docker engine (apt-get install docker.io): ${String(error)}\n${said}`, { cause: error });
    }
  }

  private constructor(directory: string, socket: string, process: ChildProcess) {
    this.#directory = directory;
    this.#process = process;
    this.host = `unix://${socket}`;
    this.client = new Docker({ socketPath: socket });
  }

  /** What clusters have left on it, one line each. */
  async leftovers(): Promise<string[]> {
    const ours = { filters: { label: ["muster.cluster"] } };
    const containers = await this.client.listContainers({ ...ours, all: true });
    const networks = await this.client.listNetworks(ours);
    return [
      ...containers.map(({ Names }) => `container ${Names[0]}`),
      ...networks.map(({ Name }) => `network ${Name}`),
    ];
  }

  async stop(): Promise<void> {
    if (this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null) {
      // The links of its networks would stay with the machine.
      await this.client.pruneNetworks().catch(() => undefined);
      const exited = once(this.#process, "exit");
      this.#process.kill("SIGTERM");
      await exited;
    }
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 10 });
  }
}
