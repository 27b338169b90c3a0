import type { Session } from "../session.ts";

/** What has to be known of a run to make anything of its figures: names and values. */
export function environmentLines({ environment, quick }: Session): readonly (readonly [name: string, value: string])[] {
  const { cpu, cores, memoryBytes, platform, versions, commit, startedAt } = environment;
  return [
    ["machine", `${cpu}, ${cores} cores, ${(memoryBytes / 2 ** 30).toFixed(1)} GiB, ${platform}`],
    [
      "versions",
      Object.entries(versions)
        .map((pair) => pair.join(" "))
        .join(", "),
    ],
    ["commit", commit],
    ["started", startedAt],
    ...(quick ? ([["sizes", "quick: the figures mean nothing"]] as const) : []),
  ];
}
