import { encodeValue } from "../../../protocol/value.ts";
import { createSlotPool } from "../../../worker/executor/slot-pool.ts";

// A host that a test kills. It prints the pids of its slots once one of them is blocked by user code.

const pool = await createSlotPool({
  kind: "processes",
  slots: 2,
  worker: { name: "doomed", address: "" },
  onEvent(event) {
    if (event.kind === "log") process.stdout.write(`${event.line} ${pool.pids().join(" ")}\n`);
  },
});
pool.run({
  id: 1,
  key: "endless",
  attempt: 1,
  fn: { bundle: "endless", name: "", entry: "call" },
  codePath: process.argv[2],
  args: encodeValue([]),
  inputs: [],
  timeoutMs: 0,
});
