import type { CompactReader, CompactWriter } from "./compact-bytes.ts";
import type { FutureId } from "./ids.ts";
import { futureId } from "./ids.ts";
import { bulkLengthMax, listLengthMax } from "./limits.ts";
import type { EncodedValue } from "./messages.ts";

// The fields that several compact forms share, with the limits that they have in the schemas of `parse-fields.ts`.

export const readWord = (from: CompactReader): string => from.word();
export const readNumber = (from: CompactReader): number => from.finite();
const readBytes = (from: CompactReader): Uint8Array => from.bytes();

export function readList<T>(
  from: CompactReader,
  read: (from: CompactReader) => T,
  lengthMax: number = listLengthMax,
): T[] {
  const list: T[] = [];
  for (let left = readLength(from, lengthMax); left > 0; left--) list.push(read(from));
  return list;
}

export const readBulk = <T>(from: CompactReader, read: (from: CompactReader) => T): T[] =>
  readList(from, read, bulkLengthMax);

function readLength(from: CompactReader, lengthMax: number): number {
  const length = from.count();
  if (length > lengthMax) throw new Error(`a list has ${length} items, and may have ${lengthMax}`);
  return length;
}

export function readAmount(from: CompactReader): number {
  const amount = from.finite();
  if (amount < 0) throw new Error("an amount is negative");
  return amount;
}

export function writeWords(to: CompactWriter, words: readonly string[]): void {
  to.uint(words.length);
  for (const word of words) to.word(word);
}

export function writeValue(to: CompactWriter, parts: EncodedValue): void {
  to.uint(parts.length);
  for (const part of parts) to.bytes(part);
}

export function readValue(from: CompactReader): EncodedValue {
  const parts = readList(from, readBytes);
  if (parts.length === 0) throw new Error("a value has no bytes");
  return parts;
}

const noAmounts: Readonly<Record<string, number>> = Object.freeze({});

export function writeAmounts(to: CompactWriter, amounts: Readonly<Record<string, number>>): void {
  const names = Object.keys(amounts);
  to.uint(names.length);
  for (const name of names) {
    to.word(name);
    to.float(amounts[name] ?? 0);
  }
}

export function readAmounts(from: CompactReader): Readonly<Record<string, number>> {
  const count = from.count();
  if (count === 0) return noAmounts;
  return Object.fromEntries(Array.from({ length: count }, () => [from.word(), readAmount(from)]));
}

// Futures are numbered as they are made, and named not long afterwards, so that how much lower one is than another takes a
// byte or two. A zero says that it is not lower, and stands before the number itself.

/** `base` and `future` are known to whoever reads and writes in turn. */
export function writeFuture(to: CompactWriter, future: FutureId, base: number): void {
  if (future < base) return to.uint(base - future);
  to.uint(0);
  to.uint(future);
}

export function readFuture(from: CompactReader, base: number): FutureId {
  const lower = from.uint();
  if (lower > base) throw new Error("a future has a negative number");
  return futureId(lower === 0 ? from.uint() : base - lower);
}

/** Each by its distance to `base`. */
export function writeFutures(to: CompactWriter, futures: readonly FutureId[], base: number): void {
  to.uint(futures.length);
  for (let index = 0; index < futures.length; index++) writeFuture(to, futures[index] as FutureId, base);
}

const noFutures: readonly FutureId[] = Object.freeze([]);

export function readFutures(from: CompactReader, base: number): readonly FutureId[] {
  const length = readLength(from, bulkLengthMax);
  if (length === 0) return noFutures;
  const futures: FutureId[] = [];
  for (let index = 0; index < length; index++) futures.push(readFuture(from, base));
  return futures;
}
