import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ClusterInfo } from "../../protocol/cluster-info.ts";
import { cert, key } from "../protocol/self-signed.ts";
import { MusterBench } from "./muster.ts";
import { until } from "./until.ts";

let bench: MusterBench;
beforeEach(() => {
  bench = new MusterBench();
});
afterEach(() => bench.close());

const etl = fileURLToPath(new URL("./fixtures/etl.flow.ts", import.meta.url));

describe("TLS from the command line", () => {
  test("everybody shows a certificate: a flow runs, and who shows none is told so", async () => {
    const [certFile, keyFile] = [join(bench.directory, "cert.pem"), join(bench.directory, "key.pem")];
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key, { mode: 0o600 });
    const flags = ["--tls-ca", certFile, "--tls-cert", certFile, "--tls-key", keyFile];
    const env = { MUSTER_TLS_CA: certFile, MUSTER_TLS_CERT: certFile, MUSTER_TLS_KEY: keyFile };

    const scheduler = bench.start(["scheduler", "--port", "0", ...flags]);
    const [, address = ""] = await scheduler.says(/Scheduler at (wss:\S+)\n/);
    bench.start(["worker", address, "--name", "a", "--nthreads", "1", ...flags]);
    bench.start(["worker", address, "--name", "b", "--nthreads", "1"], { env });
    const info = await until(async () => {
      const { stdout, stderr, code } = await bench.run(["status", address, "--json"], { env });
      if (code !== 0) throw new Error(stderr);
      const told = JSON.parse(stdout) as ClusterInfo;
      return told.workers.length === 2 ? told : undefined;
    }, "2 workers are registered");
    for (const worker of info.workers) expect(worker.address).toMatch(/^wss:/);

    const run = await bench.run(["run", etl, "--address", address, ...flags]);
    expect(run.stderr).toContain("etl: Success");
    expect((await bench.run(["explain", "nobody", address, ...flags])).code).toBe(1);

    for (const args of [
      ["status", address, "--tls-ca", certFile],
      ["run", etl, "--address", address, "--tls-ca", certFile],
      ["worker", address, "--tls-ca", certFile],
    ]) {
      const { code, stderr } = await bench.run(args);
      expect(stderr, args[0]).toContain("lets in only those who show a certificate");
      expect(code).not.toBe(0);
      expect(stderr).not.toContain("PRIVATE KEY");
    }
  });
});
