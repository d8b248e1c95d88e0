import { describe, expect, it } from "vitest";

import { dayOf, parseView, periodWords, shortMonth, stamp, step, viewId } from "./period";
import { among, change, main, NONE, part, type Value } from "./value";

const of = (value: number | null, of: number | null = null, few = false): Value => ({ value, of, few });

it("names twelve months in a row, a January with its year", () => {
  expect([shortMonth("2025-12-01", "zh"), shortMonth("2026-01-01", "zh"), shortMonth("2025-12-01", "en"), shortMonth("2026-01-01", "en")]).toEqual(["12月", "26年1月", "Dec", "Jan 26"]);
});

describe("the address of a figures' page", () => {
  it("comes back as it was said", () => {
    const view = { area: 12, kind: "week" as const, day: "2026-11-02" };
    expect(parseView(viewId(view), "2026-11-23")).toEqual(view);
    expect(parseView(viewId({ ...view, area: null }), "2026-11-23").area).toBeNull();
  });
  it.each([null, "", "x.y.z", "12.decade.2026-13-45"])("%s is of today", (id) => expect(parseView(id, "2026-11-23").day).toBe("2026-11-23"));
});

describe("a period", () => {
  it.each([
    ["day", "2026-03-01", -1, "2026-02-28"],
    ["week", "2026-01-01", -1, "2025-12-25"],
    ["month", "2026-01-31", 1, "2026-02-01"],
    ["month", "2026-01-15", -1, "2025-12-01"],
    ["year", "2024-02-29", 1, "2025-01-01"],
  ] as const)("%s of %s and %i away begins on %s", (kind, day, by, then) => expect(step(kind, day, by)).toBe(then));

  it("is said as people say it", () => {
    expect(periodWords("month", "2026-11-01", "2026-11-30", "zh")).toBe("2026年11月");
    expect(periodWords("week", "2026-12-28", "2027-01-03", "zh")).toBe("2026年12月28日至2027年1月3日");
    expect(periodWords("week", "2026-12-28", "2027-01-03", "en")).toBe("28 December 2026 – 3 January 2027");
    expect(periodWords("week", "2026-11-16", "2026-11-22", "en")).toBe("16 – 22 November 2026");
    expect(periodWords("day", "2026-11-16", "2026-11-16", "en")).toBe("16 November 2026");
    expect(dayOf(new Date(2026, 0, 5, 23, 59).getTime())).toBe("2026-01-05");
    expect(stamp(new Date(2026, 10, 2, 8, 5).toISOString(), "zh")).toBe("11月2日 08:05");
  });
});

describe("a figure", () => {
  it("is said with its unit", () => {
    expect(main(of(1204), "count", "zh")).toBe("1,204");
    expect(main(of(73_000), "ms", "zh")).toBe("1 分 13 秒");
    expect(main(of(1230), "fen", "zh")).toBe("12.30 元");
    expect(main(of(1230), "fen", "en")).toBe("¥12.30");
  });
  it("of nothing is no percentage", () => expect([main(of(0, 0), "share", "zh"), main(of(null), "ms", "zh"), main(undefined, "count", "en")]).toEqual([NONE, NONE, NONE]));
  it("is 100 % only of all, and 0 % only of none", () => {
    expect([main(of(9999, 10_000), "share", "zh"), main(of(1, 10_000), "share", "zh"), main(of(2, 3), "share", "zh")]).toEqual(["99.9%", "0.1%", "66.7%"]);
    expect([main(of(3, 3), "share", "zh"), main(of(0, 3), "share", "zh")]).toEqual(["100%", "0%"]);
  });
  it("of a few houses is not said", () => {
    expect(main(of(null, null, true), "share", "zh")).toBe("不足 5");
    expect([among(of(1, 2, true), "share", "zh"), part(of(1, 2, true))]).toEqual(["", null]);
  });
  it("says what it is of", () => expect([among(of(10, 12), "share", "zh"), among(of(10, 12), "count", "zh"), among(of(10), "count", "zh")]).toEqual(["10 / 12", "共 12", ""]));
  it("stands beside last year's", () => {
    expect(change(of(10), of(7), "count", "zh")).toBe("+3");
    expect(change(of(1, 2), of(3, 4), "share", "zh")).toBe("−25 个百分点");
    expect(change(of(30_000), of(90_000), "ms", "en")).toBe("−1 min 0 s");
    expect([change(of(1), of(null), "count", "zh"), change(of(1, 1), of(0, 0), "share", "zh"), change(of(2), of(2), "count", "zh")]).toEqual(["", "", "持平"]);
  });
});
