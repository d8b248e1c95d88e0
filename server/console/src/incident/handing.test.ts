import { describe, expect, it } from "vitest";

import { ACCEPTED, card, NOON } from "../testing/card";
import { atClock, firstService, handActs, HELD_MS, heldUntil, sameNumber, type Handed } from "./handing";

function told(service: Handed["service"], changed: Partial<Handed> = {}): Handed {
  return { service, state: "offered", offered_at: new Date(NOON).toISOString(), by: "值班一号", case: "", officer: "", how: "", taken_at: null, outcome: "", there: false, ended_at: null, ...changed };
}

describe("handing over", () => {
  const fire = card(1, { ...ACCEPTED, what: "fire", stage: "accepted" });
  const offered = { ...fire, handovers: [told("119")] };
  const taken = { ...fire, handovers: [told("119", { state: "taken", case: "119-7", taken_at: new Date(NOON).toISOString() })] };

  it("goes from told to taken to what became of it", () => {
    expect(handActs(fire, "119", true)).toEqual(["offer"]);
    expect(handActs(offered, "119", true)).toEqual(["taken", "declined"]);
    expect(handActs(taken, "119", true)).toEqual(["ended", "taken"]);
    expect(handActs(offered, "120", true)).toEqual(["offer"]);
  });

  it("offers nothing of an alarm that is over, and still takes its number", () => {
    expect(handActs({ ...fire, stage: "closed" }, "119", true)).toEqual([]);
    expect(handActs({ ...offered, stage: "closed" }, "119", true)).toEqual(["taken", "declined"]);
  });

  it("lets police speak of what was handed to 110, and of nothing else", () => {
    expect(handActs(fire, "110", false)).toEqual([]);
    expect(handActs(offered, "119", false)).toEqual([]);
    expect(handActs({ ...fire, handovers: [told("110", { state: "declined" })] }, "110", false)).toEqual(["taken"]);
  });

  it("begins with whose answer is open, else with who is called for this kind", () => {
    expect([firstService(fire, true), firstService(card(2), true), firstService(card(3, { what: "silent" }), true)]).toEqual(["119", "120", "110"]);
    expect(firstService({ ...fire, handovers: [told("119", { state: "declined" }), told("120")] }, true)).toBe("120");
  });

  it("holds the county's calls for half an hour and not longer", () => {
    expect(heldUntil(offered, NOON)).toBeNull();
    expect(heldUntil(taken, NOON + 1000)).toBe(NOON + HELD_MS);
    expect(heldUntil(taken, NOON + HELD_MS)).toBeNull();
  });

  it("compares numbers as they are read, blanks apart", () => {
    expect(sameNumber("119 0501 7", "1190501 7")).toBe(true);
    expect(sameNumber("", "")).toBe(false);
  });

  it("takes a clock time that is to come for yesterday's", () => {
    const now = new Date(2026, 4, 1, 0, 10).getTime();
    expect(atClock("23:58", now)).toBe(new Date(2026, 3, 30, 23, 58).toISOString());
    expect(atClock("00:05", now)).toBe(new Date(2026, 4, 1, 0, 5).toISOString());
    expect(atClock("x", now)).toBeNull();
  });
});
