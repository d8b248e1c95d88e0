import { describe, expect, it } from "vitest";

import { inOrder } from "../incident/order";
import { ACCEPTED, card, NOON } from "../testing/card";
import { byUrgency, byVillage, isFlood, villagesOf } from "./rows";

const stone = ["庆丰县", "柳河镇", "石桥村", "一组"];
const other = ["庆丰县", "山口镇", "石桥村", "一组"];
const many = Array.from({ length: 12 }, (_, n) => card(n + 1, n % 2 ? { path: stone, what: "flood" } : {}, 60 + n));

describe("a flood of alarms", () => {
  it("is ten within ten minutes, and not ten that are open since yesterday", () => {
    expect(isFlood(many, NOON)).toBe(true);
    expect(isFlood(many.slice(0, 9), NOON)).toBe(false);
    expect(isFlood(many, NOON + 11 * 60_000)).toBe(false);
  });

  it("is told apart by village, also where two have one name", () => {
    const villages = villagesOf(inOrder([...many, card(50, { path: other })]));
    expect(villages.map((one) => [one.township, one.name, one.cards.length])).toEqual(
      expect.arrayContaining([["柳河镇", "柳树湾村", 6], ["柳河镇", "石桥村", 6], ["山口镇", "石桥村", 1]]),
    );
    expect(villages.find((one) => one.township === "柳河镇" && one.name === "石桥村")!.kinds).toEqual([["flood", 6]]);
  });

  it("folds a village away, but nobody who waits for help or burns", () => {
    const queue = inOrder([card(1), card(2, { what: "fire" }), card(3, { what: "silent" }), card(4, { what: "flood" }), card(5, ACCEPTED)]);
    const villages = villagesOf(queue);
    const rows = byVillage(villages, new Set(villages.map((one) => one.id)));
    expect(rows.filter((row) => row.kind === "card").map((row) => row.card.what).sort()).toEqual(["fire", "panic", "silent"]);
    expect(byVillage(villages, new Set()).filter((row) => row.kind === "card")).toHaveLength(5);
  });
});

describe("by urgency", () => {
  it("has a heading before what waits and before what is in hand, and none of nothing", () => {
    const queue = inOrder([card(1), card(2, ACCEPTED)]);
    expect(byUrgency(queue, 1).map((row) => row.key)).toEqual(["waiting", queue[0]!.id, "inHand", queue[1]!.id]);
    expect(byUrgency([queue[1]!], 0).map((row) => row.kind)).toEqual(["heading", "card"]);
    expect(byUrgency([], 0)).toEqual([]);
  });
});
