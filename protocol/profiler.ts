import { type Profiler as Inspector, Session } from "node:inspector";
import { findSourceMap } from "node:module";
import { ProfileTree } from "./profile-tree.ts";
import type { ProfileFrame } from "./record.ts";

/** Often enough for a task of some tenths of a second, and rare enough to cost a task next to nothing. */
const sampleEveryMs = 2;
/** Of one profile: what is beyond is too little to be seen. */
const framesMax = 5_000;

/** Node's own code and ours, down to the first frame that is neither: how a user's function came to be called. */
export type IsOwn = (url: string) => boolean;

/** Samples where the code of this thread spends its time. */
export class Profiler {
  readonly #isOwn: IsOwn;
  #session: Session | undefined;

  /** @param isOwn says which callers are left out, as long as nothing else stands above them. */
  constructor(isOwn: IsOwn = () => false) {
    this.#isOwn = isOwn;
  }

  /** Begins, unless it runs. */
  start(): void {
    if (this.#session !== undefined) return;
    const session = new Session();
    session.connect();
    session.post("Profiler.enable");
    session.post("Profiler.setSamplingInterval", { interval: sampleEveryMs * 1_000 });
    session.post("Profiler.start");
    this.#session = session;
  }

  /** What was sampled since the start or the last call; sampling goes on. */
  collect(): ProfileFrame[] {
    const frames = this.#stop();
    this.#session?.post("Profiler.start");
    return frames;
  }

  /** What was sampled since the start or the last `collect`. */
  stop(): ProfileFrame[] {
    const frames = this.#stop();
    this.#session?.disconnect();
    this.#session = undefined;
    return frames;
  }

  /** A session with one's own thread answers at once. */
  #stop(): ProfileFrame[] {
    let profile: Inspector.Profile | undefined;
    this.#session?.post("Profiler.stop", (_error, answer) => {
      profile = answer?.profile;
    });
    return profile === undefined ? [] : framesOf(profile, this.#isOwn);
  }
}

/** What V8 calls the frames in which no code runs. */
const noCode = new Set(["(root)", "(idle)", "(program)"]);

function framesOf({ nodes, samples = [], timeDeltas = [] }: Inspector.Profile, isOwn: IsOwn): ProfileFrame[] {
  const selfMs = new Map<number, number>();
  for (const [index, node] of samples.entries())
    selfMs.set(node, (selfMs.get(node) ?? 0) + Math.max(0, timeDeltas[index] ?? 0) / 1_000);
  const tree = new ProfileTree();
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const root = nodes[0];
  const pending = root === undefined ? [] : [{ node: root, parent: -1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, parent } = next;
    const { functionName, url } = node.callFrame;
    const hidden = noCode.has(functionName) || (parent < 0 && isOwn(url));
    const index = hidden
      ? parent
      : tree.sample(functionName || "(anonymous)", placeOf(node.callFrame), parent, selfMs.get(node.id) ?? 0);
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child !== undefined) pending.push({ node: child, parent: index });
    }
  }
  return tree.frames(framesMax);
}

/** As a stack trace would name it: in the user's own file, where the source map of a bundle leads there. */
function placeOf({ url, lineNumber, columnNumber }: Inspector.ProfileNode["callFrame"]): string {
  if (url === "" || lineNumber < 0) return url;
  const entry = findSourceMap(url)?.findEntry(lineNumber, columnNumber);
  const source = entry !== undefined && "originalSource" in entry ? entry : undefined;
  return source === undefined ? `${url}:${lineNumber + 1}` : `${source.originalSource}:${source.originalLine + 1}`;
}
