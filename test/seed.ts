import { configureGlobal } from "fast-check";

const seed = Number(process.env["SEED"]);
if (!Number.isInteger(seed)) throw new Error("SEED must be an integer; vitest.config.ts sets it");
configureGlobal({ seed });
