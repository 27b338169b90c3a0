// A cluster's life as its users write it.
import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";

if (import.meta.main) {
  const cluster = await LocalCluster.start({ nWorkers: 1, executor: "processes", memoryLimit: "1GiB" });
  try {
    const address: string = cluster.address;
    const token: string = cluster.token;
    const client = await Client.connect(address, { token, name: "snippet", timeoutMs: 30_000 });
    await client.waitForWorkers(1, { timeoutMs: 30_000 });
    await cluster.scale(2);
    const pids: (number | undefined)[] = cluster.workers.map((worker) => worker.pid);
    if (new Set(pids).size !== 2) throw new Error(`expected two workers, got ${JSON.stringify(cluster.workers)}`);
    const logs: Record<string, string[]> = await cluster.logs();
    if (Object.keys(logs).length === 0) throw new Error("expected logs of every process");
    await client[Symbol.asyncDispose]();
  } finally {
    await cluster.close();
  }
  process.stdout.write("cluster ok\n");
}
