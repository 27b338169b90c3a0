import { Session } from "../../client/session.ts";
import type { LoadInfo } from "../../protocol/cluster-info.ts";
import type { ScalingDecision } from "../../protocol/record.ts";

/** The cluster's own connection to its scheduler: it looks on, and does not keep the cluster from being idle. */
export class SchedulerLink {
  readonly #session: Session;

  static async open(address: string, token: string): Promise<SchedulerLink> {
    const session = await Session.open({
      address,
      token,
      name: "cluster",
      timeoutMs: 10_000,
      tls: undefined,
      reconnectMs: 30_000,
      detach: false,
      observer: true,
    });
    return new SchedulerLink(session);
  }

  private constructor(session: Session) {
    this.#session = session;
    session.listen({ onNews() {}, onResumed() {}, onEnd() {} });
  }

  load(): Promise<LoadInfo> {
    return this.#session.request((request) => ({ op: "load", request }));
  }

  /** Resolves once they have finished what they have, handed over what only they hold, and are gone. */
  async retire(names: readonly string[]): Promise<void> {
    await this.#session.request((request) => ({ op: "retire-workers", request, names }));
  }

  /** Whether it had nothing to do and is gone now. */
  async retireIdle(name: string): Promise<boolean> {
    const names = [name];
    const gone: string[] = await this.#session.request((request) => ({
      op: "retire-workers",
      request,
      names,
      idleOnly: true,
    }));
    return gone.includes(name);
  }

  tell(decision: ScalingDecision): void {
    if (this.#session.ended === undefined) this.#session.send({ op: "scaling", decision });
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}
