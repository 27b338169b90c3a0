import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";
import type { Deployment, WorkerEnd } from "../deployer.ts";
import { ignoreGone, isUnknown, reasonOf } from "./engine.ts";
import { linesOf } from "./log-frames.ts";

/** How long a worker may take to end before it is killed, in seconds. */
const stopSeconds = 2;
const linesMax = 1_000;
/** An engine that does not answer is asked so often again, once a second, before its container counts as lost. */
const triesMax = 30;

/** A worker in a container, which is removed when it has ended. */
export class ContainerDeployment implements Deployment {
  readonly ended: Promise<WorkerEnd>;
  readonly #container: Docker.Container;
  /** Set at the end, when there is no container to ask any more. */
  #lastLines: readonly string[] | undefined;
  #stopping = false;

  constructor(container: Docker.Container) {
    this.#container = container;
    this.ended = this.#watch();
  }

  async stop(): Promise<void> {
    if (!this.#stopping && this.#lastLines === undefined) {
      this.#stopping = true;
      // An engine that does not obey now is asked again below, to remove it.
      await this.#container.stop({ t: stopSeconds }).catch(() => undefined);
    }
    await this.ended;
  }

  async logs(): Promise<readonly string[]> {
    return this.#lastLines ?? (await this.#read());
  }

  async #watch(): Promise<WorkerEnd> {
    const end = await this.#untilEnded();
    this.#lastLines = await this.#read();
    // What cannot be removed now is by the next cluster, once this process is gone.
    await ignoreGone(this.#container.remove({ force: true, v: true })).catch(() => undefined);
    return end;
  }

  async #untilEnded(): Promise<WorkerEnd> {
    for (let tries = 1; ; tries++) {
      try {
        await this.#container.wait();
        const { State } = await this.#container.inspect();
        const memory = State.OOMKilled ? ", because it used more memory than its limit" : "";
        return { expected: State.ExitCode === 0, reason: `exit code ${State.ExitCode}${memory}` };
      } catch (error) {
        if (isUnknown(error)) return { expected: false, reason: "its container was removed" };
        if (tries === triesMax) return { expected: false, reason: `the engine does not answer: ${reasonOf(error)}` };
        await delay(1_000);
      }
    }
  }

  async #read(): Promise<readonly string[]> {
    try {
      return linesOf(await this.#container.logs({ stdout: true, stderr: true, follow: false, tail: linesMax }));
    } catch (error) {
      return [`its log cannot be read: ${reasonOf(error)}`];
    }
  }
}
