import { expect, it } from "vitest";

import { NOON } from "../testing/card";
import { drillState, type Drill } from "./drills";

const drill = (changed: Partial<Drill> = {}): Drill => ({
  now: new Date(NOON).toISOString(), id: 1, site: "s1", site_name: "三组 1号", where: "三组", announced_by: "值班一号", announced_at: new Date(NOON).toISOString(),
  until: new Date(NOON + 120_000).toISOString(), incident: "", pressed: "", over: false, ...changed,
}); // prettier-ignore

it("waits for its press for two minutes and not longer", () => {
  expect([drillState(drill(), NOON + 119_000), drillState(drill(), NOON + 120_000)]).toEqual(["waits", "missed"]);
});

it("goes on from the press to the close, unless it turned real", () => {
  expect(drillState(drill({ pressed: "a", incident: "a" }), NOON)).toBe("running");
  expect(drillState(drill({ pressed: "a", incident: "a", over: true }), NOON)).toBe("done");
  expect([drillState(drill({ pressed: "a" }), NOON), drillState(drill({ pressed: "a", over: true }), NOON)]).toEqual(["real", "real"]);
});
