import { Nanny } from "../../worker/nanny.ts";

// The process of a nanny that a test kills. It prints the pid of the worker process once it is registered.

const [, , address = "", token = "", executor] = process.argv;
const nanny = await Nanny.start({
  address,
  token,
  slots: 1,
  memoryLimitBytes: 0,
  executor: executor === "processes" ? "processes" : "threads",
});
process.stdout.write(`${nanny.pid}\n`);
