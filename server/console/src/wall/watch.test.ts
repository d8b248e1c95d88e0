import { describe, expect, it } from "vitest";

import { ASLEEP, heard, LOST_MS, lostSince, raisedToday, sickOf, startsAnew, tiles, type Watch, type WallView } from "./watch";

type Village = WallView["townships"][number]["villages"][number];

function view(changed: Partial<WallView> = {}): WallView {
  return { now: "", area: "庆丰县", waiting: 0, accepted: 0, coming: 0, arrived: 0, waiting_since: null, kinds: [], townships: [], today: { raised: {}, closed: 0, accept_s: null, arrive_s: null }, drills: { drilled: 0, houses: 0, now: 0 }, ...changed };
}

function village(id: number, changed: Partial<Village> = {}): Village {
  return { id, name: `村${id}`, waiting: 0, in_hand: 0, what: "", others: 0, sick: "", ...changed };
}

const told = (now: number, changed: Partial<WallView> = {}): Watch => heard(ASLEEP, { kind: "view", view: view(changed) }, now);

describe("a wall's feed", () => {
  it("is lost when three answers did not come, and says since when", () => {
    const watch = told(10_000);
    expect(lostSince(watch, 0, 10_000 + LOST_MS)).toBeNull();
    expect(lostSince(watch, 0, 10_001 + LOST_MS)).toBe(10_000);
    expect(lostSince(ASLEEP, 500, 600)).toBeNull();
  });
  it("keeps the last counts when nothing comes, and only the last ones", () => {
    const watch = heard(told(1, { waiting: 3 }), { kind: "refused", status: 0 }, 2);
    expect(watch.view?.waiting).toBe(3);
    expect(Object.keys(heard(watch, { kind: "view", view: view() }, 3))).toEqual(["view", "heardAt", "door"]);
  });
  it("says who must open the door, and it is open again with the next answer", () => {
    const out = heard(told(1), { kind: "refused", status: 401 }, 2);
    expect([out.door, lostSince(out, 0, 3)]).toEqual(["signed out", 1]);
    expect(heard(out, { kind: "refused", status: 403 }, 3).door).toBe("denied");
    expect(heard(out, { kind: "view", view: view() }, 4).door).toBe("open");
  });
});

describe("starting anew", () => {
  const night = new Date(2026, 4, 2, 3, 30);
  const yesterday = +night - 20 * 3_600_000;
  it("is for the night, when nobody waits", () => {
    expect(startsAnew(told(+night), yesterday, night)).toBe(true);
    expect(startsAnew(told(+night), yesterday, new Date(2026, 4, 2, 14))).toBe(false);
  });
  it.each(["waiting", "accepted", "coming", "arrived"] as const)("waits while somebody is %s", (stage) => expect(startsAnew(told(+night, { [stage]: 1 }), yesterday, night)).toBe(false));
  it("waits while the server could not bring it back, and does not go round in a ring", () => {
    expect(startsAnew(told(+night - 60_000), yesterday, night)).toBe(false);
    expect(startsAnew(told(+night), +night - 60_000, night)).toBe(false);
    expect(startsAnew(ASLEEP, yesterday, night)).toBe(false);
  });
});

describe("a wall's tiles", () => {
  const many = (n: number) => view({ townships: [{ name: "甲镇", villages: Array.from({ length: n }, (_, id) => village(id, id === n - 1 ? { waiting: 1, what: "fire" } : {})) }] });
  it("are smaller where there are more", () => expect([10, 40, 100, 200].map((n) => tiles(many(n)).density)).toEqual(["roomy", "wide", "middle", "dense"]));
  it("of a very large county are those where something is", () => {
    const found = tiles(many(600));
    expect([found.crowded, found.townships[0]?.villages.map((one) => one.id)]).toEqual([true, [599]]);
  });
  it("list what is for the technician, the worst first", () => {
    const sick = view({ townships: [{ name: "", villages: [village(1, { sick: "never" }), village(2), village(3, { sick: "power" }), village(4, { sick: "silent" })] }] });
    expect(sickOf(sick).map((one) => one.sick)).toEqual(["silent", "power", "never"]);
  });
  it("add up the day", () => expect(raisedToday(view({ today: { raised: { fire: 2, panic: 3 }, closed: 0, accept_s: null, arrive_s: null } }))).toBe(5));
});
