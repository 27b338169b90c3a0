import { configureGlobal } from "fast-check";

const seed = Number(process.env["MUSTER_SEED"]);
if (!Number.isInteger(seed)) throw new Error("MUSTER_SEED must be an integer; vitest.config.ts sets it");
configureGlobal({ seed });
