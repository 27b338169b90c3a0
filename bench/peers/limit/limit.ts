import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { ContenderKind } from "../../contender.ts";
import type { Sample } from "../../shapes/shape.ts";
import { LineProcess } from "../line-process.ts";
import { ownProgram } from "../own-program.ts";

const programs = {
  scheduler: ownProgram("scheduler", import.meta.url),
  worker: ownProgram("worker", import.meta.url),
  client: ownProgram("client", import.meta.url),
};

/** What the same wire could do at most: a bare scheduler, two workers and a client, each a process of its own. */
export const limit: ContenderKind = {
  name: "limit",
  runs: (shape) => shape.family === "merge",
  async start() {
    const { process: scheduler, hello } = await LineProcess.start("limit's scheduler", process.execPath, [
      programs.scheduler,
    ]);
    const port = String((hello as { readonly port: number }).port);
    const workers = [spawnWorker(port), spawnWorker(port)];
    while (((await scheduler.ask({})) as { readonly workers: number }).workers < workers.length) {
      if (workers.some(({ exitCode }) => exitCode !== null)) throw new Error("a worker of the limit ended");
    }
    const { process: client } = await LineProcess.start("limit's client", process.execPath, [programs.client, port]);
    return {
      name: "limit",
      versions: {},
      repetitions: (shape) => (limit.runs(shape) ? shape.repetitions : 0),
      measure: async (_shape, size) => (await client.ask({ size })) as Sample,
      async [Symbol.asyncDispose]() {
        await client[Symbol.asyncDispose]();
        await scheduler[Symbol.asyncDispose]();
        // They end with their socket.
        await Promise.all(workers.map((worker) => worker.exitCode ?? once(worker, "exit")));
      },
    };
  },
};

function spawnWorker(port: string): ChildProcess {
  return spawn(process.execPath, [programs.worker, port], { stdio: ["ignore", "ignore", "inherit"] });
}
