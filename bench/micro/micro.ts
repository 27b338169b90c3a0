import { Bench } from "tinybench";
import { subjects } from "./subjects.ts";

/** What one step of a part takes. */
export interface MicroResult {
  readonly name: string;
  readonly per: string;
  readonly medianNs: number;
  /** The 99th percentile, of means over the steps of one call. */
  readonly p99Ns: number;
}

/** Measures every part by itself, in this thread. */
export async function runMicro(quick: boolean): Promise<readonly MicroResult[]> {
  const bench = new Bench({ time: quick ? 20 : 500, warmupTime: quick ? 5 : 100, throws: true });
  for (const { name, run } of subjects) bench.add(name, () => void run());
  await bench.run();
  return subjects.map(({ name, per, count }) => {
    const result = bench.getTask(name)?.result;
    if (result?.state !== "completed") throw new Error(`"${name}" was not measured`);
    const perStepNs = (ms: number): number => (ms * 1e6) / count;
    return { name, per, medianNs: perStepNs(result.latency.p50), p99Ns: perStepNs(result.latency.p99) };
  });
}
