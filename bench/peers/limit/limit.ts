import type { ContenderKind } from "../../contender.ts";
import type { Sample } from "../../shapes/shape.ts";
import { ProgramGroup } from "../program-group.ts";

/** What the same wire could do at most: a bare scheduler, two workers and a client, each a process of its own. */
export const limit: ContenderKind = {
  name: "limit",
  runs: (shape) => shape.family === "merge",
  start: () =>
    ProgramGroup.start({ name: "the limit", importer: import.meta.url }, async (group) => {
      const scheduler = await group.launch<{ readonly port: number }>("scheduler");
      const port = String(scheduler.hello.port);
      for (let worker = 1; worker <= 2; worker++) {
        await group.launch("worker", [port]);
        // What it said to the scheduler may be under way yet.
        while ((await scheduler.ask<{ readonly workers: number }>({})).workers < worker);
      }
      const client = await group.launch("client", [port]);
      return {
        name: "limit",
        versions: {},
        repetitions: (shape) => (limit.runs(shape) ? shape.repetitions : 0),
        measure: (_shape, size) => client.ask<Sample>({ size }),
        [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
      };
    }),
};
