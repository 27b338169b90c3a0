import { expect, test } from "vitest";
import { ProgramGroup } from "../../bench/peers/program-group.ts";

const options = { name: "the group", importer: new URL("./fixtures/programs/any.ts", import.meta.url).href };

interface Hello {
  readonly pid: number;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("programs are asked, and end with their group", async () => {
  const { group, first, second } = await ProgramGroup.start(options, async (group) => ({
    group,
    first: await group.launch<Hello>("answering"),
    second: await group.launch<Hello>("answering"),
  }));
  expect(await Promise.all([first.ask(1), second.ask(2)])).toEqual([{ echo: 1 }, { echo: 2 }]);
  await group[Symbol.asyncDispose]();
  expect([first, second].map(({ hello }) => isAlive(hello.pid))).toEqual([false, false]);
});

test("one that does not start leaves none of those before it", async () => {
  const pids: number[] = [];
  const starting = ProgramGroup.start(options, async (group) => {
    pids.push((await group.launch<Hello>("answering")).hello.pid);
    await group.launch("broken");
  });
  await expect(starting).rejects.toThrow(/^the group's broken ended:\n.*I am broken/s);
  expect(pids.map(isAlive)).toEqual([false]);
});

test("one that is killed fails what another was asked", async () => {
  await ProgramGroup.start(options, async (group) => {
    await using _ended = group;
    const asked = await group.launch<Hello>("answering");
    const killed = await group.launch<Hello>("answering");
    const answer = asked.ask("never");
    process.kill(killed.hello.pid, "SIGKILL");
    await expect(answer).rejects.toThrow("the group's answering ended:\nkilled by SIGKILL");
  });
});
