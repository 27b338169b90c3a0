import type { RunView } from "../../../protocol/cluster-view.ts";
import { button, el } from "../dom.ts";

/** Asks before something that cannot be taken back. */
export function confirmed(question: string, yes: string, no: string): Promise<boolean> {
  const dialog = el("dialog", { "aria-label": yes }, el("p", {}, question));
  const deeds = el(
    "div",
    { class: "tools" },
    button(no, () => dialog.close("no"), { autofocus: true }),
    button(yes, () => dialog.close("yes"), { class: "danger" }),
  );
  dialog.append(deeds);
  return shown(dialog).then((answer) => answer === "yes");
}

export interface Share {
  readonly weight: number;
  readonly slotsMax: number | null;
}

/** Undefined: it stays as it is. */
export async function shareWanted({ run, weight, slotsMax }: RunView): Promise<Share | undefined> {
  const weightBox = el("input", { type: "number", min: 0, max: 1_000_000, step: "any", required: true, value: weight });
  const slotsBox = el("input", { type: "number", min: 1, step: 1, placeholder: "no limit", value: slotsMax ?? "" });
  const form = el(
    "form",
    { method: "dialog" },
    el("p", {}, `Share of the run “${run}” while slots are scarce`),
    el("label", {}, "Weight relative to other runs ", weightBox),
    el("label", {}, "Most slots at once ", slotsBox),
    el(
      "div",
      { class: "tools" },
      el("button", { value: "no", formnovalidate: true }, "Leave it"),
      el("button", { value: "yes", class: "primary" }, "Set"),
    ),
  );
  const answer = await shown(el("dialog", { "aria-label": "Share of a run" }, form));
  if (answer !== "yes") return undefined;
  return { weight: Number(weightBox.value), slotsMax: slotsBox.value === "" ? null : Number(slotsBox.value) };
}

/** What it was closed with; empty when it was waved away. */
function shown(dialog: HTMLDialogElement): Promise<string> {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
