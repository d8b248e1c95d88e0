import { describe, expect, it } from "vitest";

import { byVillage } from "./device/group";
import { noticeWords, reasonWords } from "./quarantine";
import { tabIcon, tabTitle } from "./title";
import { en } from "./words/en";
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
  it("makes one line of a notice", () => {
    const notice = { at: "", gateway: "gwliu1", user: "lamp99.1", verdict: "quarantined" as const, reason: "unknown device" };
    expect(noticeWords(notice, zh)).toBe("不认识的设备 · lamp99.1 · 没有登记过这台设备");
    expect(noticeWords(notice, en)).toBe("Unknown device · lamp99.1 · unknown device");
  });

  it("says a known reason in Chinese and leaves an unknown one alone", () => {
    expect(reasonWords("Unknown device lamp99", zh.quarantine.reasons)).toBe("没有登记过这台设备");
    expect(reasonWords("something new", zh.quarantine.reasons)).toBeNull();
  });
});

describe("devices", () => {
  const device = (id: string, changed = {}) => ({ id, kind: "lamp", online: true, last_seen: null, overdue: false, revoked: false, ...changed });
  const site = (name: string, ...devices: ReturnType<typeof device>[]) => ({ id: name, name, address: "", landmark: "", path: ["庆丰县", "柳河镇", "柳树湾村", "三组"], devices });

  it("lists houses as people count, abnormal ones first", () => {
    const sites = [site("三组 11号", device("a")), site("三组 2号", device("b")), site("三组 30号", device("c", { overdue: true }))];
    expect(byVillage(sites, false)[0]?.sites.map((one) => one.name)).toEqual(["三组 30号", "三组 2号", "三组 11号"]);
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
