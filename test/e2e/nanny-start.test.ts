import { expect, test } from "vitest";
import { Nanny } from "../../worker/nanny.ts";
import { eventually } from "../eventually.ts";
import { familyProcesses } from "./family.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks();

// Nobody listens there, so that starting takes until it is given up.
const options = { address: "ws://127.0.0.1:1", token: "t", slots: 1 };

test("a nanny that is closed before it starts starts nothing", async () => {
  const started = Nanny.start({ ...options, signal: AbortSignal.abort() });
  await expect(started).rejects.toMatchObject({ code: "CLOSED" });
});

test("a nanny that is closed while it starts ends what it started", async () => {
  const closing = new AbortController();
  const outcome = Nanny.start({ ...options, signal: closing.signal }).catch((error: unknown) => error);
  await eventually("its process to be there", () => familyProcesses().length > 0);
  closing.abort();
  expect(await outcome).toMatchObject({ code: "CLOSED" });
});
