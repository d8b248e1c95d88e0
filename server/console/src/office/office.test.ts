import { describe, expect, it } from "vitest";

import { accountOf, fits, lines } from "./people";
import { fen, trouble, yuan, type Card } from "./sims";
import { byDay, shiftHours, turnsOf, turnsText } from "./roster";
import { byArea, clockOf, hours, idOf, lanes, minuteOf, nextStep, spell, withWhom, type Step } from "./ladder";

const step: Step = { after_s: 180, until: "coming", whom: [{ role: "operator", level: "township" }], again_s: 60, times: 3 };

describe("a ladder", () => {
  it("says its times as people do", () => {
    expect([0, 45, 90, 60, 300, 3600].map((s) => spell(s, "zh"))).toEqual(["0 秒", "45 秒", "90 秒", "1 分钟", "5 分钟", "1 小时"]);
    expect([hours(0, 1440, "zh"), hours(480, 1080, "zh"), hours(1320, 360, "zh"), hours(1320, 360, "en")]).toEqual(["", "08:00–18:00", "22:00–次日 06:00", "22:00–06:00 next day"]);
    expect([minuteOf("22:30"), clockOf(1350), clockOf(1440)]).toEqual([1350, "22:30", "00:00"]);
  });
  it("goes on upward", () => {
    expect(nextStep([]).after_s).toBe(0);
    expect(nextStep([step])).toMatchObject({ after_s: 300, until: "coming", times: 0 });
  });
  it("names nobody twice", () => {
    expect(withWhom(step, "operator", "township")).toBe(step);
    expect(withWhom(step, "police", "township").whom).toHaveLength(2);
  });
  it("has an id that a file can name", () => expect([idOf("Nights 2 "), idOf("夜间"), idOf("a__B")]).toEqual(["nights-2", "", "a-b"]));
  it("stands with those of its area, the general ones last", () => {
    const of = (id: string, area: number | null) => ({ id, area });
    expect(byArea([of("a", 7), of("b", null), of("c", 7)]).map((one) => [one.area, one.policies.length])).toEqual([[7, 2], [null, 1]]);
  });
});

describe("a simulation", () => {
  it("is a line for each who is called, with all their times", () => {
    const call = (at_s: number, name: string, step: number, owner = "village") => ({ at_s, name, step, owner, channels: ["voice"], times: 1, target: "" });
    const found = lanes([call(0, "三组户长", 1), call(30, "三组户长", 1), call(60, "网格员一", 2), call(60, "网格员一", 502, "county")]);
    expect(found.map((lane) => [lane.name, lane.owner, lane.step, lane.at])).toEqual([
      ["三组户长", "village", 1, [0, 30]],
      ["网格员一", "village", 2, [60]],
      ["网格员一", "county", 2, [60]],
    ]);
  });
});

describe("a roster", () => {
  it("is typed a turn a line", () => {
    expect(turnsOf("a, b\n\nc，d e\n")).toEqual([["a", "b"], ["c", "d", "e"]]);
    expect(turnsOf(turnsText([["a", "b"], ["c"]]))).toEqual([["a", "b"], ["c"]]);
    expect(shiftHours({ starts: 1200, ends: 480 })).toBe("20:00–08:00");
  });
  it("is read day by day", () => {
    const at = (day: number, hour: number) => new Date(2026, 10, day, hour).toISOString();
    const span = (day: number, hour: number) => ({ since: at(day, hour), until: at(day, hour + 8), shifts: [], people: [] });
    expect(byDay([span(2, 0), span(2, 8), span(3, 0), span(4, 0)], 2).map((one) => [one.day, one.spans.length])).toEqual([["2026-11-02", 2], ["2026-11-03", 1]]);
  });
});

describe("people in a list", () => {
  const role = { id: 1, role: "operator", area: 7, area_name: "青石乡", site: "", unit: "", valid_from: "", valid_to: null, given_by: "" };
  const person = { name: "qs1", display: "青石乡 值班员", languages: [], account: true, second: false, disabled: false, roles: [role] };
  it("are found by name, role and area together", () => {
    const named = (name: string) => (name === "operator" ? "值班员" : name);
    expect([fits(person, "", named), fits(person, "QS1", named), fits(person, "值班员 青石", named), fits(person, "值班员 柳河", named)]).toEqual([true, true, true, false]);
  });
  it("say what their account can do", () => {
    expect([accountOf(person), accountOf({ ...person, second: true }), accountOf({ ...person, account: false }), accountOf({ ...person, second: true, disabled: true })]).toEqual(["on", "second", "called", "off"]);
    expect(lines(" zh-CN， yue\n\n")).toEqual(["zh-CN", "yue"]);
  });
});

describe("a SIM card", () => {
  const card: Card = { id: 1, village: 7, village_name: "石桥村", label: "主用", payer: "村委会", balance_fen: 5000, balance_on: "2026-11-01", expires_on: "2027-11-01", megabytes: 500, ended_on: null, months: [{ month: "2026-10-01", cost_fen: 1900, megabytes: 120 }] };
  const today = "2026-11-23";
  it("that is well needs nobody", () => expect(trouble(card, today)).toBeNull());
  it.each([
    [{ expires_on: "2026-11-22" }, { kind: "expired" }],
    [{ expires_on: "2026-11-23" }, { kind: "soon", days: 0 }],
    [{ expires_on: "2026-12-23" }, { kind: "soon", days: 30 }],
    [{ balance_fen: 1899 }, { kind: "empty" }],
    [{ balance_fen: 900, months: [] }, { kind: "empty" }],
    [{ balance_on: "2026-09-01" }, { kind: "old" }],
  ])("%j is told", (more, wrong) => expect(trouble({ ...card, ...more } as Card, today)).toEqual(wrong));
  it("that has ended needs nobody any more", () => expect(trouble({ ...card, expires_on: "2020-01-01", ended_on: "2026-01-01" }, today)).toBeNull());
  it("is typed in yuan and kept in fen", () => expect([fen("12.3"), fen(""), fen("x"), yuan(1230), yuan(null)]).toEqual([1230, null, null, "12.30", ""]));
});
