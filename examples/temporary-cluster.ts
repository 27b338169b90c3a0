// Starts a cluster for one run of a flow, and leaves nothing behind:
//
//   node examples/temporary-cluster.ts

import { ClusterExecutor } from "muster";
import { primes } from "./existing-cluster.ts";

const executor = new ClusterExecutor({ clusterOptions: { nWorkers: 2, threadsPerWorker: 1 } });
const state = await primes.run({ executor });
console.log(state.message);
console.log(`primes below 200,000: ${state.resultOf("sum")}`);
