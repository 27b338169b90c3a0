import { CompactReader, CompactWriter } from "../../protocol/compact-bytes.ts";
import { readValue, writeValue } from "../../protocol/compact-fields.ts";
import type { EncodedValue } from "../../protocol/messages.ts";
import { encodedBytes } from "../../protocol/value.ts";
import type { SlotJob } from "./slot-job.ts";

// Jobs, and what comes of brief ones, between a thread and its host: as bytes, because to clone an object, and above all each
// of many small binaries, costs more than a short task does.

/** Larger binaries are cheaper to hand over on their own. */
const binaryBytesMax = 32 * 1024;
/** What a lane should be used for. */
const newsBytesMax = 8 * 1024;

const none: never[] = [];
const noAttachments = (): undefined => undefined;

/** Whether a job may go as bytes: no binary of it is large. */
export function goesAsBytes({ args, inputs }: SlotJob): boolean {
  return isSmall(args) && inputs.every(isSmall);
}

function isSmall(value: EncodedValue): boolean {
  for (const part of value) if (part.byteLength > binaryBytesMax) return false;
  return true;
}

/** Collects jobs to be sent as one message. */
export class JobWriter {
  readonly #to: CompactWriter = new CompactWriter();
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add({ id, key, attempt, fn, codePath, args, inputs, timeoutMs, flowRun, brief }: SlotJob): void {
    const to = this.#to;
    if (this.#count === 0) to.begin(noAttachments);
    this.#count++;
    to.uint(id);
    to.text(key);
    to.uint(attempt);
    to.word(fn.bundle);
    to.word(fn.name);
    to.word(fn.entry);
    to.word(codePath ?? "");
    writeValue(to, args);
    to.uint(inputs.length);
    for (const input of inputs) writeValue(to, input);
    to.flag(flowRun !== undefined);
    if (flowRun !== undefined) to.word(flowRun);
    to.float(timeoutMs);
    to.flag(brief === true);
  }

  /** What was collected, in memory of its own. */
  take(): Uint8Array<ArrayBuffer> {
    this.#count = 0;
    return new Uint8Array(this.#to.take());
  }
}

export class JobReader {
  readonly #from: CompactReader = new CompactReader();

  read(bytes: Uint8Array): SlotJob[] {
    const from = this.#from;
    from.begin(bytes, none);
    const jobs: SlotJob[] = [];
    while (!from.atEnd) {
      const id = from.uint();
      const key = from.text();
      const attempt = from.uint();
      const fn = { bundle: from.word(), name: from.word(), entry: from.word() };
      const codePath = from.word() || undefined;
      const args = readValue(from);
      const inputs: EncodedValue[] = [];
      for (let left = from.count(); left > 0; left--) inputs.push(readValue(from));
      const flowRun = from.flag() ? from.word() : undefined;
      const timeoutMs = from.float();
      const brief = from.flag();
      jobs.push({ id, key, attempt, fn, codePath, args, inputs, timeoutMs, flowRun, brief });
    }
    return jobs;
  }
}

/** What a brief job tells through its lane: that it began, or that it has its result. */
export type BriefNews =
  | { readonly kind: "started"; readonly job: number; readonly startMs: number }
  | {
      readonly kind: "done";
      readonly job: number;
      readonly value: EncodedValue;
      readonly startMs: number;
      readonly endMs: number;
    };

const newsTo = new CompactWriter();
const newsFrom = new CompactReader();

/** Valid until the next call. Undefined for a result that is too large for a lane. */
export function writeNews(news: BriefNews): Uint8Array | undefined {
  if (news.kind === "done" && encodedBytes(news.value) > newsBytesMax) return undefined;
  newsTo.begin(noAttachments);
  newsTo.uint(news.job);
  newsTo.float(news.startMs);
  newsTo.flag(news.kind === "done");
  if (news.kind === "done") {
    newsTo.float(news.endMs);
    writeValue(newsTo, news.value);
  }
  return newsTo.take();
}

export function readNews(record: Buffer): BriefNews {
  newsFrom.begin(record, none);
  const job = newsFrom.uint();
  const startMs = newsFrom.float();
  if (!newsFrom.flag()) return { kind: "started", job, startMs };
  const endMs = newsFrom.float();
  // The record is the lane's, and will be written over.
  const value = readValue(newsFrom).map((part) => new Uint8Array(part));
  return { kind: "done", job, value, startMs, endMs };
}
