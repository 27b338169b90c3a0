import { expect, test } from "vitest";
import { LineProcess } from "../../bench/peers/line-process.ts";

const start = (program: string): ReturnType<typeof LineProcess.start> =>
  LineProcess.start("the peer", process.execPath, ["--input-type=module", "-e", program]);

const answering = `
  import { createInterface } from "node:readline";
  console.log('{"port":1}');
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    if (question === "die") { console.error("I am dying"); process.exit(1); }
    console.log(JSON.stringify(question === "fail" ? { error: "no" } : { echo: question }));
  }
`;

test("says hello, answers, and ends with its stdin", async () => {
  const { process: peer, hello } = await start(answering);
  expect(hello).toEqual({ port: 1 });
  expect(await peer.ask([1, "ü"])).toEqual({ echo: [1, "ü"] });
  await expect(peer.ask("fail")).rejects.toThrow("the peer: no");
  expect(await peer.ask(2)).toEqual({ echo: 2 });
  await peer[Symbol.asyncDispose]();
});

test("the end of the process fails the question, with what it wrote to stderr", async () => {
  const { process: peer } = await start(answering);
  await expect(peer.ask("die")).rejects.toThrow("the peer ended:\nI am dying");
  await peer[Symbol.asyncDispose]();
});

test("a program that is not there fails the start", async () => {
  await expect(LineProcess.start("the peer", "/no/such/program", [])).rejects.toThrow(/the peer ended:\n.*ENOENT/);
});

test("a program whose first line is no JSON fails the start, and is ended", async () => {
  const starting = start('console.log("I am " + process.pid); process.stdin.resume();');
  const complaint = await starting.then(
    () => "started",
    (error: Error) => error.message,
  );
  const [, what, pid] = /^(.*: I am )(\d+)$/.exec(complaint) ?? [];
  expect(what).toBe("the peer said what is no JSON: I am ");
  expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH");
});
