import { describe, expect, it } from "vitest";

import { agoWords, clockWords, dayWords, durationWords } from "./words";

const S = 1000;
const M = 60 * S;
const H = 60 * M;

describe("times as people say them", () => {
  it.each([
    [-500, "0 秒", "0 s"],
    [8_400, "8 秒", "8 s"],
    [2 * M + 13 * S, "2 分 13 秒", "2 min 13 s"],
    [3 * H + 5 * M, "3 小时 5 分", "3 h 5 min"],
    [24 * H, "1 天 0 小时", "1 day 0 h"],
    [50 * H, "2 天 2 小时", "2 days 2 h"],
  ])("%d ms", (ms, zh, en) => {
    expect([durationWords(ms, "zh"), durationWords(ms, "en")]).toEqual([zh, en]);
  });

  it.each([
    [3 * S, "刚刚", "just now"],
    [40 * S, "40 秒前", "40 seconds ago"],
    [M, "1 分钟前", "1 minute ago"],
    [5 * H, "5 小时前", "5 hours ago"],
    [49 * H, "2 天前", "2 days ago"],
  ])("%d ms ago", (ms, zh, en) => {
    expect([agoWords(ms, "zh"), agoWords(ms, "en")]).toEqual([zh, en]);
  });

  it("says the day as far as it is needed", () => {
    const now = new Date(2026, 4, 1, 0, 30).getTime();
    const at = (y: number, m: number, d: number, h: number, min: number, s = 0) => new Date(y, m, d, h, min, s).getTime();
    expect(clockWords(at(2026, 4, 1, 0, 5, 9), now, "zh")).toBe("00:05:09");
    expect(clockWords(at(2026, 3, 30, 23, 59), now, "zh")).toBe("昨天 23:59");
    expect(clockWords(at(2026, 2, 5, 14, 5), now, "zh")).toBe("3月5日 14:05");
    expect(clockWords(at(2025, 2, 5, 14, 5), now, "zh")).toBe("2025年3月5日 14:05");
    expect([dayWords(now, "zh"), dayWords(now, "en")]).toEqual(["5月1日 星期五", "Friday, 1 May"]);
    expect(clockWords(at(2025, 2, 5, 14, 5), now, "en")).toBe("5 Mar 2025 14:05");
  });
});
