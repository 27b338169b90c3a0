// A flow as its users write it, with each executor.
import { ClusterExecutor, type Executor, Flow, flow, LocalExecutor, PoolExecutor, parameter, task } from "muster";
import { LocalCluster } from "muster/cluster/local";

const months = task("months", (n: number) => Array.from({ length: n }, (_, index) => index + 1));
const extract = task("extract", (month: number) => ({ month, rows: month * 10 }), { maxRetries: 1, retryDelayMs: 10 });
const load = task("load", (parts: readonly { readonly rows: number }[]) =>
  parts.reduce((total, part) => total + part.rows, 0),
);

export const etl = flow("etl", () => {
  const n = parameter("n", 12);
  return load(extract.map(months(n)));
});

if (import.meta.main) {
  const executors: Executor[] = [
    new LocalExecutor(),
    new PoolExecutor({ scheduler: "threads", numWorkers: 2 }),
    new PoolExecutor({ scheduler: "processes", numWorkers: 2 }),
    new ClusterExecutor({ clusterClass: LocalCluster, clusterOptions: { nWorkers: 2 } }),
  ];
  for (const executor of executors) {
    const state = await etl.run({ parameters: { n: 3 }, executor });
    if (!state.isSuccessful()) throw new Error(`${executor.constructor.name}: ${state.type}: ${state.message}`);
    const total = state.resultOf(load);
    if (total !== 60) throw new Error(`${executor.constructor.name}: expected 60, got ${String(total)}`);
  }

  const imperative = new Flow("imperative");
  const first = task("first", () => 20);
  const second = task("second", (x: number) => x + 1);
  imperative.addTask(first);
  imperative.setDependencies(second, { keywordTasks: { x: first } });
  const state = await imperative.run();
  if (!state.isSuccessful()) throw new Error(`${state.type}: ${state.message}`);
  process.stdout.write("flow ok\n");
}
