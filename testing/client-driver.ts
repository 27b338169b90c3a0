import type { Random } from "./random.ts";
import type { Script } from "./script.ts";
import type { SimClient } from "./sim-client.ts";
import type { SimFuture } from "./sim-future.ts";
import type { Surroundings } from "./surroundings.ts";
import type { DeedKind, Swarm } from "./swarm.ts";
import type { GraphAuthor } from "./workload.ts";

/** How probable each deed is, among those that the seed switched on. */
const weights: Readonly<Record<DeedKind, number>> = {
  cancel: 6,
  release: 6,
  retry: 4,
  resubmit: 6,
  redefine: 4,
  scatter: 3,
  fetch: 4,
  ask: 2,
  retire: 1,
  "run-on-workers": 2,
  restart: 0.3,
  share: 4,
  copy: 2,
  rebalance: 1,
  explain: 3,
  "share-run": 1,
};

/** Decides at random what one client does, until the faults are over. */
export class ClientDriver {
  client: SimClient;
  readonly #around: Surroundings;
  readonly #dice: Random;
  readonly #author: GraphAuthor;
  readonly #swarm: Swarm;
  readonly #others: () => readonly SimClient[];
  #tasksLeft: number;

  constructor(
    around: Surroundings,
    client: SimClient,
    author: GraphAuthor,
    swarm: Swarm,
    tasks: number,
    others: () => readonly SimClient[],
  ) {
    this.#around = around;
    this.#dice = around.dice;
    this.client = client;
    this.#author = author;
    this.#swarm = swarm;
    this.#others = others;
    this.#tasksLeft = tasks;
  }

  /** Does one thing now, and the next some time later, up to `untilMs`. */
  goOn(untilMs: number): void {
    const { time } = this.#around;
    this.#act();
    const pauseMs = this.#dice.exponential(this.#swarm.phaseMs / 25);
    if (time.nowMs + pauseMs < untilMs) time.schedule(pauseMs, () => this.goOn(untilMs));
  }

  #act(): void {
    const dice = this.#dice;
    if (this.#tasksLeft > 0 && dice.chance(0.3)) {
      const count = Math.min(this.#tasksLeft, 1 + dice.below(Math.max(10, this.#tasksLeft)));
      this.#tasksLeft -= count;
      this.#submit(this.#author.graph(count, this.#scripts()));
      return;
    }
    const deeds = [...this.#swarm.deeds];
    let left = dice.fraction() * deeds.reduce((sum, deed) => sum + weights[deed], 0);
    const deed = deeds.find((each) => {
      left -= weights[each];
      return left < 0;
    });
    if (deed !== undefined) this.#do(deed);
  }

  #do(deed: DeedKind): void {
    const dice = this.#dice;
    const { client } = this;
    const futures = [...client.futures.values()];
    switch (deed) {
      case "cancel":
        if (futures.length > 0) client.cancel(dice.some(futures, 4 / futures.length), { force: dice.chance(0.7) });
        return;
      case "release":
        if (futures.length > 0) client.release(dice.some(futures, 5 / futures.length));
        return;
      case "retry":
        return client.retry(
          futures.filter(({ status }) => status === "failed" || (status === "cancelled" && dice.chance(0.3))),
        );
      case "resubmit":
        return this.#resubmit(futures, false);
      case "redefine":
        return this.#resubmit(futures, true);
      case "scatter":
        return client.scatter(this.#author.values(1 + dice.below(3)), { broadcast: dice.chance(0.3) });
      case "fetch":
        if (futures.length > 0) client.fetch(dice.pick(futures));
        return;
      case "ask":
        return dice.chance(0.5) ? client.request({ op: "info" }) : client.request({ op: "who-has" });
      case "retire": {
        const { name } = dice.pick(this.#swarm.workers);
        return client.request({ op: "retire-workers", names: [name] });
      }
      case "run-on-workers":
        return client.runOnWorkers(this.#author.order());
      case "restart":
        this.#around.watch.restarts++;
        return client.request({ op: "restart" });
      case "share":
        return this.#share();
      case "copy": {
        const some = dice.some(futures, 4 / Math.max(1, futures.length)).map(({ id }) => id);
        return client.request({ op: "copy", futures: some, copies: 1 + dice.below(3) });
      }
      case "rebalance":
        return client.request({ op: "rebalance" });
      case "explain":
        if (futures.length > 0) client.request({ op: "explain", future: dice.pick(futures).id });
        return;
      case "share-run": {
        const run = dice.pick([client.name, "shared run"]);
        return client.request({ op: "share-run", run, weight: dice.pick([0.5, 1, 3]), slotsMax: dice.below(4) });
      }
    }
  }

  #submit(scripts: readonly Script[]): void {
    const unwanted = this.#swarm.traits.has("unwanted")
      ? new Set(this.#dice.some(scripts.slice(0, -1), 0.5))
      : new Set<Script>();
    const run = this.#dice.pick([this.client.name, "shared run"]);
    this.client.submit(scripts, { unwanted, run });
  }

  /** Cancels or releases tasks, and at once submits their keys again: as the same work, or as other work. */
  #resubmit(futures: readonly SimFuture[], redefine: boolean): void {
    const dice = this.#dice;
    const keyed = futures.filter(({ script }) => script.options.key !== undefined && !script.options.scattered);
    if (keyed.length === 0) return;
    const future = dice.pick(keyed);
    const held = new Set(futures.map(({ script }) => script));
    if (dice.chance(0.7)) this.client.cancel([future], { force: dice.chance(0.7) });
    if (dice.chance(0.7)) this.client.release([future]);
    if (redefine) return this.#submit([this.#author.redefined(future.script)]);
    // Again means with all that it needs, as far as the client does not hold it.
    const again = [...future.script.ancestry()].filter((each) => !held.has(each) || each === future.script);
    if (again.some((each) => each.options.scattered)) return;
    this.#submit(again.sort((a, b) => a.id - b.id));
  }

  /** Submits tasks of another client's under the same keys, so that both want the same results. */
  #share(): void {
    const others = this.#others().filter((other) => other !== this.client && other.futures.size > 0);
    if (others.length === 0) return;
    const theirs = [...this.#dice.pick(others).futures.values()];
    const ancestry = [...this.#dice.pick(theirs).script.ancestry()];
    const held = new Set(this.#scripts());
    const needed = ancestry.filter((each) => !held.has(each));
    if (needed.length === 0 || needed.some((each) => each.options.scattered)) return;
    this.#submit(needed.sort((a, b) => a.id - b.id));
  }

  #scripts(): Script[] {
    return [...this.client.futures.values()].map(({ script }) => script);
  }
}
