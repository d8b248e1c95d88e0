import { expect, it } from "vitest";

import { NOON } from "../testing/card";
import { drillOf, drillState, type Drill } from "./drills";

const drill = (changed: Partial<Drill> = {}): Drill => ({
  now: new Date(NOON).toISOString(), id: 1, site: "s1", site_name: "三组 1号", where: "三组", announced_by: "值班一号", announced_at: new Date(NOON).toISOString(),
  until: new Date(NOON + 120_000).toISOString(), incident: "", pressed: "", over: false, marked_by: "", marked_at: null, ...changed,
}); // prettier-ignore

it("waits for its press for two minutes and not longer", () => {
  expect([drillState(drill(), NOON + 119_000), drillState(drill(), NOON + 120_000)]).toEqual(["waits", "missed"]);
});

it("is real until it is closed, and only then can be marked, once", () => {
  expect(drillState(drill({ pressed: "a" }), NOON)).toBe("running");
  const over = drill({ pressed: "a", over: true });
  expect(drillState(over, NOON)).toBe("over");
  expect(drillState({ ...over, incident: "a" }, NOON)).toBe("done");
  expect([drillOf([over], "a")?.id, drillOf([over], "b"), drillOf([{ ...over, incident: "a" }], "a"), drillOf([drill({ pressed: "a" })], "a")]).toEqual([1, null, null, null]);
});
