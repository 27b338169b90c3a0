import { Client } from "muster";
import { afterAll, beforeAll, expect, test } from "vitest";
import { taskId } from "../../protocol/ids.ts";
import { PeerLinks } from "../../protocol/peer-links.ts";
import { SchedulerServer } from "../../scheduler/server/scheduler-server.ts";
import { Nanny } from "../../worker/nanny.ts";
import { Worker } from "../../worker/worker.ts";
import { cert, key } from "../protocol/self-signed.ts";
import { bytes, length, sum } from "./fixtures/arithmetic.ts";
import { fib } from "./fixtures/nested.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks("file");

// Everybody shows the one certificate, which is its own authority.

const token = "secret";
const tls = { ca: cert, cert, key };
let scheduler: SchedulerServer;
let nanny: Nanny;
let worker: Worker;
let client: Client;

beforeAll(async () => {
  scheduler = await SchedulerServer.start({ port: 0, token, tls: { ...tls, requestCert: true } });
  const options = { address: scheduler.address, token, tls, slots: 2, memoryLimitBytes: 0 };
  [nanny, worker] = await Promise.all([
    Nanny.start({ ...options, name: "a", executor: "processes" }),
    Worker.start({ ...options, name: "b" }),
  ]);
  client = await Client.connect(scheduler.address, { token, tls });
});
afterAll(async () => {
  await client?.close();
  await Promise.all([nanny?.close(), worker?.close()]);
  await scheduler?.close();
});

test("everybody is reached by wss", async () => {
  expect(scheduler.address).toMatch(/^wss:/);
  expect((await client.info()).workers.map(({ address }) => address.split(":")[0])).toEqual(["wss", "wss"]);
});

test("results move between workers, and from and to clients", async () => {
  const [here, there] = [{ workers: ["a"] }, { workers: ["b"] }];
  const made = client.submit(bytes, [3_000_000], here);
  expect(await client.submit(length, [made], there)).toBe(3_000_000);
  expect((await made).byteLength).toBe(3_000_000);
  const [scattered] = await client.scatter([[1, 2, 3]], here);
  expect(await client.submit(sum, [scattered as unknown as number[]], there)).toBe(6);
});

test.each(["a", "b"])("tasks submit tasks from a slot of worker %s", async (name) => {
  expect(await client.submit(fib, [4], { workers: [name] })).toBe(3);
});

test("who shows no certificate is told that one is wanted, and gets no further", async () => {
  for (let i = 0; i < 5; i++) {
    const connecting = Client.connect(scheduler.address, { token, tls: { ca: cert }, timeoutMs: 60_000 });
    await expect(connecting).rejects.toMatchObject({
      code: "SCHEDULER_UNREACHABLE",
      retryable: false,
      message: expect.stringMatching(/lets in only those who show a certificate.*--tls-cert and --tls-key/),
    });
  }
  const links = new PeerLinks({ token, name: "nobody", tls: { ca: cert } });
  for (const address of [nanny.address ?? "", worker.address])
    await expect(links.get(address, [taskId(1)])).rejects.toThrow("lets in only those who show a certificate");
  await links.close();
  const options = { address: scheduler.address, token, tls: { ca: cert }, name: "c", slots: 1 };
  await expect(Worker.start(options)).rejects.toThrow("lets in only those who show a certificate");
});

test("who does not trust the authority does not show it anything", async () => {
  await expect(Client.connect(scheduler.address, { token, timeoutMs: 60_000 })).rejects.toMatchObject({
    code: "SCHEDULER_UNREACHABLE",
    retryable: false,
    message: expect.stringContaining("self-signed certificate"),
  });
});

test("with certificates an address without TLS is refused, and so is half a pair", async () => {
  const plain = scheduler.address.replace("wss:", "ws:");
  for (const refused of [Client.connect(plain, { token, tls }), Worker.start({ address: plain, token, tls })])
    await expect(refused).rejects.toMatchObject({ code: "BAD_OPTION", message: expect.stringContaining("write wss:") });
  await expect(Client.connect(scheduler.address, { token, tls: { cert } })).rejects.toThrow("give tls.key");
  await expect(
    Client.connect(scheduler.address, { token, tls: { ca: "no PEM", cert, key: "x" } }),
  ).rejects.toMatchObject({ code: "BAD_OPTION", message: expect.stringContaining("TLS cannot be set up") });
});
