import { describe, expect, it } from "vitest";

import { byVillage } from "./fleet/group";
import { headWords, noticeWords, reasonOf, reasonWords } from "./fleet/quarantine";
import reasons from "./testing/reasons.json";
import { tabIcon, tabTitle } from "./title";
import { en } from "./words/en";
import { ofLang } from "./words/half";
import { zh } from "./words/zh";

describe("the tab", () => {
  const say = { product: "心灯", waiting: zh.feed.waiting, lost: zh.feed.lostShort };

  it("shows the count of what waits, and the loss of the feed", () => {
    expect(tabTitle(0, false, say)).toBe("心灯");
    expect(tabTitle(2, false, say)).toBe("(2) 2 起警情待受理 · 心灯");
    expect(tabTitle(2, true, say)).toBe("(2) 连接中断 · 心灯");
    expect([tabIcon(0, false), tabIcon(3, false), tabIcon(12, false), tabIcon(0, true)]).toEqual(["quiet", "3", "more", "lost"]);
  });
});

describe("quarantine", () => {
  const all = Object.entries(reasons);
  // What stands in a reason's gaps may be a stranger's words, and they may look like a reason.
  const filled = (reason: string, gaps: string) => reason.replace("{}", "lampliu1").replaceAll("{}", gaps);
  const numbers = (reason: string) => reason.replaceAll("{}", "1024");

  it.each(all)("knows '%s' and says it in Chinese", (reason, key) => {
    const said = key === "too_large" || key === "too_many" ? numbers(reason) : filled(reason, "'revoked-mac-JSON'");
    expect(reasonOf(said)).toBe(key);
    expect(reasonOf(`lampliu1: ${said}; 6000 of 9000 bytes go up`)).toBe(key);
    expect(reasonWords(said, zh)).toMatch(/[\u4e00-\u9fff]/);
    expect(reasonWords(said, en)).toBeNull(); // the original is English
  });

  it("has no words for what nobody says", () => {
    expect(new Set(Object.keys(zh.quarantine.reasons))).toEqual(new Set(all.map(([, key]) => key)));
  });

  it("is not misled by what a reason quotes", () => {
    expect(reasonOf("unknown kind 'device x was revoked'")).toBe("kind");
    expect(reasonOf("dev is missing or not allowed: 'wrong mac'")).toBe("missing");
    expect(reasonWords("something new about a mac", zh)).toBeNull();
  });

  it.each([
    ["quarantined", "unknown device lamp99", "不认识的设备", "Unknown device"],
    ["quarantined", "device lamp99 was revoked", "已停用的设备", "Revoked device"],
    ["quarantined", "buttonliu1.1 spoke in the name of buttonliu6", "冒用其他设备", "In another device's name"],
    ["quarantined", "wrong mac for lampliu1, through another village's gateway", "冒用其他设备", "In another device's name"],
    ["quarantined", "wrong mac for a reading of lampliu1", "未采信", "Not believed"],
    ["quarantined", "something new", "未采信", "Not believed"],
    ["rejected", "not JSON", "读不懂的内容", "Unreadable"],
  ] as const)("says what '%s: %s' is", (verdict, reason, chinese, english) => {
    expect([headWords(verdict, reason, zh), headWords(verdict, reason, en)]).toEqual([chinese, english]);
  });

  it("makes one line of a notice", () => {
    const notice = { at: "", gateway: "gwliu1", user: "lamp99.1", verdict: "quarantined" as const, reason: "unknown device lamp99" };
    expect(noticeWords(notice, zh)).toBe("不认识的设备 · lamp99.1 · 没有登记过这台设备");
    expect(noticeWords(notice, en)).toBe("Unknown device · lamp99.1 · unknown device lamp99");
    expect(noticeWords({ ...notice, reason: "something new" }, zh)).toBe("未采信 · lamp99.1 · something new");
  });
});

describe("refusals", () => {
  it("are read in one language, and whole where two halves are not clear", () => {
    expect(ofLang("请再看一遍 · look again", "zh")).toBe("请再看一遍");
    expect(ofLang("请再看一遍 · look again", "en")).toBe("look again");
    for (const whole of ["", "请再看一遍", "look again", "没有柳村 · there is no 柳村", "一 · one · 二 · two", "柳村 · 三组"]) {
      expect(ofLang(whole, "en")).toBe(whole);
    }
  });
});

describe("devices", () => {
  const device = (id: string, changed = {}) => ({ id, kind: "lamp", online: true, last_seen: null, overdue: false, revoked: false, wan: null, ...changed });
  const site = (name: string, ...devices: ReturnType<typeof device>[]) => ({ id: name, name, address: "", landmark: "", path: ["庆丰县", "柳河镇", "柳树湾村", "三组"], devices });

  it("lists houses as people count, abnormal ones first", () => {
    const sites = [site("三组 11号", device("a")), site("三组 2号", device("b")), site("三组 30号", device("c", { overdue: true }))];
    expect(byVillage(sites, false)[0]?.sites.map((one) => one.name)).toEqual(["三组 30号", "三组 2号", "三组 11号"]);
    const groups = ["三组 1号", "一组 2号", "二组 10号", "二组 2号"].map((name) => site(name, device(name)));
    expect(byVillage(groups, false)[0]?.sites.map((one) => one.name)).toEqual(["一组 2号", "二组 2号", "二组 10号", "三组 1号"]);
    expect(byVillage(sites, true)[0]?.sites.map((one) => one.name)).toEqual(["三组 30号"]);
  });
});

describe("languages", () => {
  it("English says everything that Chinese says", () => {
    const empty = (tree: object, at = ""): string[] =>
      Object.entries(tree).flatMap(([key, value]) =>
        typeof value === "object" ? empty(value, `${at}${key}.`) : value === "" ? [`${at}${key}`] : [],
      );
    expect([empty(zh), empty(en)]).toEqual([[], []]);
    const chinese = JSON.stringify({ ...en, head: {}, act: { ...en.act, whoPlaceholder: "" } }).match(/[\u4e00-\u9fff]/);
    expect(chinese).toBeNull();
  });
});
