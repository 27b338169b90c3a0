import type { EncodedValue } from "../protocol/messages.ts";
import { scramble } from "./random.ts";

/** What a simulated task does in its slot. */
export type Behaviour =
  | { readonly kind: "return" }
  /** Throws the first `times` times that it runs, wherever that is, and returns from then on. */
  | { readonly kind: "throw"; readonly times: number }
  /** Ends its worker's process the first `times` times. */
  | { readonly kind: "crash"; readonly times: number }
  /** Sits in code that cannot be interrupted: whoever wants it stopped must end the process. */
  | { readonly kind: "native" };

export interface ScriptOptions {
  /** Scripts whose results it takes; each must have been made before. */
  readonly deps?: readonly Script[];
  readonly behaviour?: Behaviour;
  readonly durationMs?: number;
  readonly resultBytes?: number;
  /** Absent: the scheduler makes one. Scripts of equal key stand for the same task only if they are the same script. */
  readonly key?: string | undefined;
  readonly fn?: string;
  readonly retries?: number;
  readonly priority?: number;
  readonly resources?: Readonly<Record<string, number>>;
  readonly workers?: readonly string[];
  readonly allowOtherWorkers?: boolean;
  readonly timeoutMs?: number;
  /** A value that a client puts on workers itself. */
  readonly scattered?: boolean;
  /** What its code submits and waits for, one round after the other; each script must have been made before. */
  readonly rounds?: readonly (readonly Script[])[];
  /** What becomes of those is all the same to it: it cancels and drops some, and its result does not depend on them. */
  readonly careless?: boolean;
}

/** One simulated task as its author meant it: what it does, and the only value that it may ever have. */
export class Script {
  readonly id: number;
  readonly options: Required<Omit<ScriptOptions, "key">> & { readonly key: string | undefined };
  /** Stands for the result: computed from the script's own number and from the values of its inputs. */
  readonly digest: number;
  /** How often it threw, overran its time or could not be loaded, over all clients and attempts. */
  failures: number = 0;
  /** How often its code was begun, wherever that was. */
  begun: number = 0;
  /** How often a worker process ended by its doing. */
  crashes: number = 0;

  constructor(id: number, options: ScriptOptions) {
    this.id = id;
    this.options = {
      deps: [],
      behaviour: { kind: "return" },
      durationMs: 10,
      resultBytes: 8,
      fn: "work",
      retries: 0,
      priority: 0,
      resources: {},
      workers: [],
      allowOtherWorkers: false,
      timeoutMs: 0,
      scattered: false,
      rounds: [],
      careless: false,
      ...options,
      key: options.key,
    };
    const { deps, rounds, careless } = this.options;
    const submitted = careless ? [] : rounds.flat();
    this.digest = digestOf(
      id,
      [...deps, ...submitted].map(({ digest }) => digest),
    );
  }

  /** The result as bytes: the digest, and how large it pretends to be. */
  get value(): EncodedValue {
    return encodeResult(this.digest, this.options.resultBytes);
  }

  /** Itself and all whose end may be the cause of its own: what it needs and what it submits, directly or not. */
  causes(): Set<Script> {
    const found = new Set<Script>([this]);
    for (const { options } of found) for (const cause of [...options.deps, ...options.rounds.flat()]) found.add(cause);
    return found;
  }

  /** Itself and all that it needs, directly or not. */
  ancestry(): Set<Script> {
    const found = new Set<Script>([this]);
    for (const script of found) for (const dep of script.options.deps) found.add(dep);
    return found;
  }
}

/** What a task must return that was given these inputs. The same arithmetic serves the slots and the reference. */
export function digestOf(script: number, inputs: readonly number[]): number {
  let digest = scramble(script + 0x51ed270b);
  for (const input of inputs) digest = scramble(Math.imul(digest, 31) + input);
  return digest;
}

/** All scripts of a simulation, by the number that stands in their arguments. */
export class ScriptBook {
  readonly #scripts: Script[] = [];

  write(options: ScriptOptions): Script {
    const script = new Script(this.#scripts.length, options);
    this.#scripts.push(script);
    return script;
  }

  get(id: number): Script | undefined {
    return this.#scripts[id];
  }

  of(args: EncodedValue): Script {
    return this.#scripts[decodeNumber(args, 0)] as Script;
  }
}

export const encodeArgs = (script: Script): EncodedValue => [encodeNumbers(script.id)];

export const encodeResult = (digest: number, bytes: number): EncodedValue => [encodeNumbers(digest, bytes)];

export const decodeDigest = (value: EncodedValue): number => decodeNumber(value, 0);

/** How large a result pretends to be: a small one costs no memory here, and may still weigh megabytes for the scheduler. */
export const resultBytesOf = (value: EncodedValue): number => decodeNumber(value, 1);

const encodeNumbers = (...numbers: number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);

function decodeNumber(value: EncodedValue, index: number): number {
  const chunk = value[0] as Uint8Array;
  return new Uint32Array(chunk.buffer, chunk.byteOffset, chunk.byteLength / 4)[index] ?? 0;
}
