/** What a chaos run did and saw. */
export class Tally {
  graphs = 0;
  tasks = 0;
  cancels = 0;
  resubmits = 0;
  endlessStopped = 0;
  /** Tasks given up because workers died under them too often, which is their right; they were tried again. */
  givenUp = 0;
  clientsLost = 0;
  readonly kills: Record<"nanny" | "worker" | "slot", number> = { nanny: 0, worker: 0, slot: 0 };
  freezes = 0;
  cuts = 0;
  stalls = 0;
  restarts = 0;
  /** One line for each result that is not what the reference says. */
  readonly wrong: string[] = [];

  get killed(): number {
    return this.kills.nanny + this.kills.worker + this.kills.slot;
  }

  toString(): string {
    const { kills } = this;
    return [
      `graphs ${this.graphs}, tasks ${this.tasks}, wrong results ${this.wrong.length}`,
      `kills ${this.killed} (workers ${kills.worker}, nannies ${kills.nanny}, slots ${kills.slot}), freezes ${this.freezes}, cuts ${this.cuts}, stalls ${this.stalls}`,
      `cancels ${this.cancels}, resubmits ${this.resubmits}, endless tasks stopped ${this.endlessStopped}, given up and tried again ${this.givenUp}, clients lost ${this.clientsLost}, workers restarted ${this.restarts}`,
    ].join("\n");
  }
}
