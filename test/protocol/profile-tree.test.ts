import { expect, test } from "vitest";
import { ProfileTree } from "../../protocol/profile-tree.ts";

const frame = (name: string, parent: number, selfMs: number) => ({ name, place: `${name}.ts:1`, parent, selfMs });

test("trees laid over one another count together by the way that led to a frame", () => {
  const tree = new ProfileTree();
  tree.add([frame("main", -1, 1), frame("parse", 0, 2), frame("read", 1, 4)]);
  tree.add([frame("main", -1, 10), frame("read", 0, 20), frame("parse", 0, 40)]);
  expect(tree.frames(100)).toEqual([
    frame("main", -1, 11),
    frame("parse", 0, 42),
    frame("read", 1, 4),
    frame("read", 0, 20),
  ]);
});

test("of too many frames those with the most time stay, each with its callers; none without time does", () => {
  const tree = new ProfileTree();
  tree.add([
    frame("main", -1, 0),
    frame("hot", 0, 50),
    frame("warm", 0, 30),
    frame("cold", 0, 1),
    frame("never", 0, 0),
  ]);
  expect(tree.frames(100).map(({ name }) => name)).toEqual(["main", "hot", "warm", "cold"]);
  expect(tree.frames(2)).toEqual([frame("main", -1, 0), frame("hot", 0, 50)]);
});
