import type { ContenderKind } from "../../contender.ts";
import type { Sample } from "../../shapes/shape.ts";
import { ProgramGroup } from "../program-group.ts";

/** The same bytes as "transfer" moves, from one process to another over a bare WebSocket. */
export const wsCopy: ContenderKind = {
  name: "ws",
  runs: ({ family }) => family === "transfer",
  start: () =>
    ProgramGroup.start({ name: "the copy", importer: import.meta.url }, async (group) => {
      const sender = await group.launch<{ readonly port: number }>("sender");
      const receiver = await group.launch("receiver", [String(sender.hello.port)]);
      return {
        name: "ws",
        versions: {},
        repetitions: (shape) => (wsCopy.runs(shape) ? shape.repetitions : 0),
        // The payloads are there before the clock starts, as the values of "transfer" are.
        async measure(_shape, size) {
          await sender.ask({ size });
          return await receiver.ask<Sample>({ size });
        },
        [Symbol.asyncDispose]: () => group[Symbol.asyncDispose](),
      };
    }),
};
