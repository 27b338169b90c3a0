import { scheduler } from "node:timers/promises";
import { Client } from "muster";
import { Random } from "../../testing/random.ts";
import { eventually } from "../eventually.ts";
import { Faults } from "./faults.ts";
import { Fleet, token } from "./fleet.ts";
import { GraphDriver } from "./graph-driver.ts";
import { findVictims } from "./processes.ts";
import { Tally } from "./tally.ts";
import { Hang, Watchdog } from "./watchdog.ts";

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Mean time between two faults. */
  readonly meanPauseMs: number;
  /** How long nothing may end before it counts as a hang. */
  readonly patienceMs: number;
  readonly print: (line: string) => void;
  /** Ends the faults before their time. */
  readonly signal?: AbortSignal | undefined;
}

/** Something is still there after the end. */
export class Leftovers extends Error {
  override name: string = "Leftovers";
}

const drivers = 2;

/**
 * Random graphs on a fleet of real processes, random faults for a while, then none until all has ended.
 * @throws Hang, with a description printed; Leftovers if the scheduler does not forget what was done; Error if it broke.
 */
export async function runChaos(options: ChaosOptions): Promise<Tally> {
  const { seed, durationMs, meanPauseMs, patienceMs, print } = options;
  const tally = new Tally();
  const fleet = await Fleet.start(tally);
  const watchdog = new Watchdog(patienceMs);
  const stopping = new AbortController();
  const { signal } = stopping;
  const users = Array.from({ length: drivers }, (_, index) => {
    const random = new Random(seed * 10 + index);
    const [name, address] = [`${seed}-${index}`, fleet.clientProxy.address];
    return new GraphDriver({ name, random, address, tally, onProgress: () => watchdog.pat(), signal });
  });
  const running = Promise.all(users.map((user) => user.run()));
  const failed = Promise.race([watchdog.barked, fleet.broken, running.then(() => new Promise<never>(() => undefined))]);
  const faults = new Faults(new Random(seed * 10 + drivers), fleet, tally, meanPauseMs);
  const reporting = setInterval(() => print(`${tally}\n`), 60_000);
  try {
    const wait = { signal: AbortSignal.any([signal, ...(options.signal === undefined ? [] : [options.signal])]) };
    await Promise.race([failed, scheduler.wait(durationMs, wait).catch(() => undefined)]);
    stopping.abort();
    await faults.stop();
    await Promise.race([failed, running]);
    watchdog.stop();
    for (const user of users) await user.close();
    await expectForgotten(fleet);
  } catch (error) {
    if (error instanceof Hang || error instanceof Leftovers) print(await describe(fleet, users, faults));
    throw error;
  } finally {
    clearInterval(reporting);
    stopping.abort();
    watchdog.stop();
    await faults.stop();
    for (const user of users) await user.close();
    await fleet.close();
  }
  return tally;
}

/** Nothing of any task is left on the scheduler once its clients are gone. */
async function expectForgotten(fleet: Fleet): Promise<void> {
  const client = await Client.connect(fleet.address, { token });
  let left = "";
  const forgotten = async (): Promise<boolean> => {
    const { tasks, runs, clients, workers } = await client.info();
    left = JSON.stringify({ tasks, runs, clients, stored: workers.map(({ stored }) => stored) });
    return clients === 1 && Object.values(tasks).every((count) => count === 0);
  };
  try {
    await eventually("the scheduler to forget", forgotten, 60_000);
  } catch {
    throw new Leftovers(`the scheduler still has ${left}`);
  } finally {
    await client.close();
  }
}

async function describe(fleet: Fleet, users: readonly GraphDriver[], faults: Faults): Promise<string> {
  const client = await Client.connect(fleet.address, { token, timeoutMs: 5_000 });
  try {
    return [
      `last faults:\n${faults.last}`,
      JSON.stringify(await client.info(), undefined, 1),
      ...(await Promise.all(users.map((user) => user.describe(client)))),
      JSON.stringify(findVictims()),
      fleet.tails(),
    ].join("\n");
  } finally {
    await client.close();
  }
}
