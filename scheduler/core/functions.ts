import type { FnRef } from "../../protocol/code.ts";
import { type FnId, fnId } from "../../protocol/ids.ts";
import { DurationEstimate } from "./estimates.ts";

/** A function that some client defined, under the number by which workers know it. */
export interface FnRecord {
  readonly id: FnId;
  readonly ref: FnRef;
  /** The task's name, or a word for functions without one: what keys and tables show. */
  readonly name: string;
  readonly estimate: DurationEstimate;
}

/** Equal functions of different clients are one record, so that a worker learns each once. */
export class FunctionTable {
  readonly #byRef = new Map<string, FnRecord>();
  #lastId = 0;

  intern(ref: FnRef): FnRecord {
    const identity = `${ref.bundle}\n${ref.entry}\n${ref.name}`;
    let record = this.#byRef.get(identity);
    if (record === undefined) {
      this.#lastId++;
      record = {
        id: fnId(this.#lastId),
        ref,
        name: ref.name === "" ? "inline" : ref.name,
        estimate: new DurationEstimate(),
      };
      this.#byRef.set(identity, record);
    }
    return record;
  }
}
