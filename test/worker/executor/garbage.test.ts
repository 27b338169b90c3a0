import { afterEach, expect, test } from "vitest";
import { decodeValue } from "../../../protocol/value.ts";
import { kinds, SlotRig } from "./slot-rig.ts";

let rig: SlotRig;
afterEach(() => rig.close());

test.each(kinds)("an idle slot in %s gives back what tasks have left behind when it is asked to", async (kind) => {
  rig = await SlotRig.start({ kind });
  const code = await rig.bundle(`
    let left;
    export default (what) => {
      if (what === "leave") left = new WeakRef({ large: new Array(1000) });
      return left.deref() !== undefined;
    }`);
  await rig.end(rig.submit(code, ["leave"]));
  rig.pool.collectGarbage();
  const end = await rig.end(rig.submit(code, ["look"]));
  expect(end.kind === "done" && decodeValue(end.value)).toBe(false);
});
