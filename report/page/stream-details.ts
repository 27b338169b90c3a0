import { fates, type ReportData } from "../report-data.ts";
import { el } from "./dom.ts";
import { bytes, counted, duration, moment } from "./format.ts";
import { type MoveRows, moveKinds } from "./stream-layout.ts";

/** What the task stream needs of a report. */
export type StreamData = Pick<ReportData, "attempts" | "names" | "workers" | "transfers" | "disk" | "moved">;

type Line = readonly [term: string, text: string];

export function attemptLines({ attempts, names, workers }: StreamData, row: number): { title: string; lines: Line[] } {
  const startMs = attempts.startMs[row] as number;
  const message = attempts.message.at(row) ?? "";
  const number = attempts.attempt[row] as number;
  return {
    title: attempts.key.at(row) ?? "",
    lines: [
      ["Task", names[attempts.name[row] as number]?.name ?? ""],
      ["Worker", workers[attempts.worker[row] as number]?.name ?? ""],
      ["Took", duration((attempts.endMs[row] as number) - startMs)],
      ["Started", moment(startMs)],
      ["Result", bytes(attempts.bytes[row] as number)],
      ["End", fates[attempts.fate[row] as number] ?? ""],
      ...(number > 1 ? [["Attempt", String(number)] as const] : []),
      ...(message === "" ? [] : [["Why", message] as const]),
    ],
  };
}

export function moveLines(
  { transfers, disk, moved, workers }: StreamData,
  moves: MoveRows,
  index: number,
): { title: string; lines: Line[] } {
  const source = moves.source[index] as number;
  const kind = moveKinds[moves.kind[index] as number] ?? "transfer";
  const startMs = moves.startMs[index] as number;
  const when: Line[] = [
    ["Took", duration((moves.endMs[index] as number) - startMs)],
    ["Started", moment(startMs)],
  ];
  if (kind === "transfer") {
    return {
      title: "Transfer",
      lines: [
        ["From", moved.places[transfers.from[source] as number] ?? ""],
        ["To", workers[transfers.worker[source] as number]?.name ?? ""],
        [
          "Moved",
          `${counted(transfers.tasks[source] as number, "result")}, ${bytes(transfers.bytes[source] as number)}`,
        ],
        ...when,
      ],
    };
  }
  return {
    title: kind === "write" ? "Written to disk" : "Read from disk",
    lines: [
      ["Worker", workers[disk.worker[source] as number]?.name ?? ""],
      ["Size", bytes(disk.bytes[source] as number)],
      ...when,
    ],
  };
}

export function detailsList({ title, lines }: { title: string; lines: readonly Line[] }): HTMLElement[] {
  return [
    el("strong", {}, title),
    el("dl", {}, ...lines.flatMap(([term, text]) => [el("dt", {}, term), el("dd", {}, text)])),
  ];
}
