/** Where a value lies inside arrays and plain objects. */
export type Path = readonly (string | number)[];

export interface PlacedValue {
  readonly path: Path;
  readonly value: unknown;
}

/** `args` with values put in their places. Only what lies on the way to a place is copied; the rest is passed on as it is. */
export function placeValues(args: readonly unknown[], values: readonly PlacedValue[]): readonly unknown[] {
  if (values.length === 0) return args;
  const copies = new WeakSet<object>();
  const holder = { args: args as unknown };
  copies.add(holder);
  for (const { path, value } of values) {
    const [last, ...way] = [...path].reverse();
    let place = holder as Record<string | number, unknown>;
    for (const step of ["args", ...way.reverse()]) place = ownPart(place, step, copies);
    place[last as string | number] = value;
  }
  return holder.args as unknown[];
}

/** The part of `place` at `step`, copied unless it is a copy already. */
function ownPart(
  place: Record<string | number, unknown>,
  step: string | number,
  copies: WeakSet<object>,
): Record<string | number, unknown> {
  const part = (place[step] ?? {}) as object;
  if (!copies.has(part)) {
    const copy = Array.isArray(part) ? [...(part as unknown[])] : { ...part };
    copies.add(copy);
    place[step] = copy;
  }
  return place[step] as Record<string | number, unknown>;
}
