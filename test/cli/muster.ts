import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main: string = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

export interface MusterOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command in a process of its own, in a process group of its own as a shell would start it. */
export class RunningMuster {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  #changed: () => void = () => undefined;

  constructor(args: readonly string[], options: Required<MusterOptions>) {
    this.child = spawn(process.execPath, [main, ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env } as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    this.child.stdout?.on("data", (data: Buffer) => {
      this.#stdout += data.toString();
      this.#changed();
    });
    this.child.stderr?.on("data", (data: Buffer) => {
      this.#stderr += data.toString();
      this.#changed();
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code) => {
        this.#changed();
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  get output(): string {
    return `${this.#stdout}${this.#stderr}`;
  }

  /** Resolves with the match once its output has it; rejects when it ends without. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout) ?? pattern.exec(this.#stderr);
      if (match) return match;
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`muster ended (${this.child.exitCode}) without saying ${pattern}:\n${this.output}`);
      }
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  /** As a terminal does it: to the whole group. */
  signal(name: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid !== undefined) process.kill(-pid, name);
  }
}

/** Starts commands in a temporary folder with tokens of their own, and takes all of it away again. */
export class MusterBench {
  readonly directory: string = mkdtempSync(join(tmpdir(), "muster-cli-"));
  readonly #running: RunningMuster[] = [];

  start(args: readonly string[], { cwd = this.directory, env = {} }: MusterOptions = {}): RunningMuster {
    const tokens = join(this.directory, "tokens");
    const running = new RunningMuster(args, { cwd, env: { MUSTER_TOKEN_DIR: tokens, ...env } });
    this.#running.push(running);
    return running;
  }

  run(args: readonly string[], options: MusterOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  async close(): Promise<void> {
    for (const running of this.#running) {
      if (running.child.exitCode === null && running.child.signalCode === null) running.signal("SIGKILL");
    }
    await Promise.all(this.#running.map((running) => running.ended));
    rmSync(this.directory, { recursive: true, force: true });
  }
}
