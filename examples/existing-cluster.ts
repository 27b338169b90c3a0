// Runs a flow on a cluster that is already there. Start one first:
//
//   npx muster scheduler
//   npx muster worker ws://127.0.0.1:8786
//   node examples/existing-cluster.ts ws://127.0.0.1:8786

import { ClusterExecutor, flow, task } from "muster";

const countPrimes = task("countPrimes", (from: number, to: number): number => {
  let count = 0;
  for (let n = Math.max(2, from); n < to; n++) {
    let divisor = 2;
    while (divisor * divisor <= n && n % divisor !== 0) divisor++;
    if (divisor * divisor > n) count++;
  }
  return count;
});

const sum = task("sum", (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0));

const step = 10_000;
const starts = Array.from({ length: 20 }, (_, i) => i * step);

export const primes = flow("primes", () =>
  sum(
    countPrimes.map(
      starts,
      starts.map((start) => start + step),
    ),
  ),
);

if (import.meta.main) {
  const address = process.argv[2] ?? "ws://127.0.0.1:8786";
  const state = await primes.run({ executor: new ClusterExecutor({ address }) });
  console.log(state.message);
  console.log(`primes below 200,000: ${state.resultOf(sum)}`);
}
