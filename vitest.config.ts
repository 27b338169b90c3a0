import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

// Property tests draw from one seed: fixed in CI, so that a red run is red again; fresh elsewhere, so that a year of
// local runs covers more than one draw. It is printed first, and setting it replays the run.
const seed = process.env["SEED"] ?? (process.env["CI"] ? "20240217" : String(Date.now() % 2 ** 31));
process.env["SEED"] = seed;
if (!process.env["VITEST_WORKER_ID"]) process.stderr.write(`property tests: SEED=${seed}\n`);

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^muster$/, replacement: source("./index.ts") },
      { find: /^muster\/cluster$/, replacement: source("./cluster/index.ts") },
      { find: /^muster\/cluster\/docker$/, replacement: source("./cluster/docker/index.ts") },
      { find: /^muster\/cluster\/local$/, replacement: source("./cluster/local/index.ts") },
      { find: /^muster\/testing$/, replacement: source("./testing/index.ts") },
    ],
  },
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/seed.ts"],
    env: { SEED: seed },
    pool: "forks",
    // Many tests start process trees of their own: more files at once would only make them wait for each other.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});

export default config;
