import type { SimClient } from "./sim-client.ts";
import type { SimWorker } from "./sim-worker.ts";
import type { Surroundings } from "./surroundings.ts";
import type { FaultKind, Swarm } from "./swarm.ts";

export interface FaultTargets {
  readonly workers: readonly SimWorker[];
  readonly loseClient: () => void;
  /** Those that are connected, with those of tasks that submit tasks. */
  readonly clients: () => readonly SimClient[];
}

/** Breaks things at random, each for a while, and mends them all in the end. */
export class FaultInjector {
  readonly #around: Surroundings;
  readonly #swarm: Swarm;
  readonly #targets: FaultTargets;

  constructor(around: Surroundings, swarm: Swarm, targets: FaultTargets) {
    this.#around = around;
    this.#swarm = swarm;
    this.#targets = targets;
    if (swarm.faults.has("transfer")) around.peers.breaks = 0.1;
  }

  goOn(untilMs: number): void {
    const { time, dice } = this.#around;
    const gapMs = dice.exponential(this.#swarm.meanFaultGapMs);
    if (time.nowMs + gapMs >= untilMs) return;
    time.schedule(gapMs, () => {
      for (const kind of dice.some([...this.#swarm.faults], 1 / Math.max(1, this.#swarm.faults.size)))
        this.#break(kind);
      this.goOn(untilMs);
    });
  }

  /** Nothing is broken any more, and nothing breaks again. */
  heal(): void {
    const { network, peers, record } = this.#around;
    record.note("the simulation", "heals");
    peers.breaks = 0;
    network.heal();
    for (const worker of this.#targets.workers) {
      worker.thaw();
      worker.beBusy(false);
      worker.slowDown(1);
      worker.wear({});
      worker.press(0);
      worker.revive();
    }
  }

  #break(kind: FaultKind): void {
    const { dice, network, time, record } = this.#around;
    const { workers } = this.#targets;
    const worker = dice.pick(workers);
    const later = (meanMs: number, mend: () => void): void => {
      time.schedule(dice.exponential(meanMs), mend);
    };
    switch (kind) {
      case "crash":
        return worker.crash();
      case "power-loss":
        return worker.crash({ silently: true });
      case "freeze":
        worker.freeze();
        return later(dice.pick([50, 1_000, 20_000]), () => worker.thaw());
      case "partition": {
        const other = dice.chance(0.5) ? "scheduler" : dice.pick(workers).name;
        if (other === worker.name) return;
        record.note("the network", `cuts ${worker.name} from ${other}`);
        network.partition(worker.name, other);
        return later(dice.pick([50, 1_000, 20_000]), () => network.heal(worker.name, other));
      }
      case "disconnect":
        return worker.disconnect(dice.chance(0.5) ? "worker" : "scheduler");
      case "stop":
        worker.stop(dice.chance(0.5) ? "drain" : "now");
        return later(1_000, () => worker.revive());
      case "slow":
        worker.slowDown(dice.between(2, 50));
        return later(2_000, () => worker.slowDown(1));
      case "busy":
        worker.beBusy(true);
        return later(2_000, () => worker.beBusy(false));
      case "client-loss":
        if (dice.chance(0.1)) this.#targets.loseClient();
        return;
      case "client-disconnect": {
        const clients = this.#targets.clients();
        if (clients.length > 0) dice.pick(clients).loseConnection(dice.chance(0.5) ? "client" : "scheduler");
        return;
      }
      case "client-partition":
        return this.#cutOffClient();
      case "slow-disk":
        worker.wear({ accessMs: dice.pick([20, 200, 2_000]) });
        return later(2_000, () => worker.wear({}));
      case "bad-disk":
        worker.wear({ failures: dice.pick([0.1, 0.5, 1]) });
        return later(2_000, () => worker.wear({}));
      case "memory-pressure":
        this.#around.watch.count("times that memory was short");
        worker.press(dice.pick([1, 100_000, 1e9]));
        return later(2_000, () => worker.press(0));
      case "transfer":
      case "code":
      case "slow-frames":
      case "address-reuse":
        // These are on all the time.
        return;
    }
  }

  /** It may learn of it or not, and so may the scheduler, before or after they can reach each other again. */
  #cutOffClient(): void {
    const { dice, network, time, record } = this.#around;
    const clients = this.#targets.clients();
    if (clients.length === 0) return;
    const client = dice.pick(clients);
    record.note("the network", `cuts ${client.place} from the scheduler`);
    network.partition(client.place, "scheduler");
    time.schedule(dice.exponential(dice.pick([50, 1_000, 20_000])), () => network.heal(client.place, "scheduler"));
    if (dice.chance(0.7))
      time.schedule(dice.exponential(200), () => client.loseConnection(dice.chance(0.7) ? "client" : "scheduler"));
  }
}
