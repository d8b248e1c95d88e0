import { describe, expect, it } from "vitest";

import { card } from "../testing/card";
import { badges, callsOn, glowing, litDevices } from "./calls";
import { fromGcj02, guides, toGcj02 } from "./china";
import { byName, drawingOf, numberOf, path, schematic, type Plan, type PlanSite } from "./drawing";
import { camera, houseAt, sourcesOf, styleOf } from "./gl";
import { frameAround, onEarth, onPlan, type LonLat } from "./place";
import { around, dragged, inWindow, onGround, viewBox, whole, zoomed } from "./view";

function site(id: string, name: string, group: string, at: LonLat | null = null): PlanSite {
  return { id, name, group, kind: "household", landmark: "", lamps: [`lamp${id}`], longitude: at?.[0] ?? null, latitude: at?.[1] ?? null };
}

const SITES = [site("s1", "三组 1号", "三组"), site("s2", "三组 2号", "三组"), site("s10", "三组 10号", "三组"), site("t1", "四组 1号", "四组")];

function plan(features: Plan["features"], sites = SITES): Plan {
  return { village: 5, name: "柳树湾村", version: features.length ? 1 : 0, features, sites, versions: [], change: false };
}

describe("a frame", () => {
  it("is as many metres wide as the earth is there, and leads back", () => {
    const frame = frameAround([[120, 30], [120.01, 30.01]], 0)!;
    expect(frame.height).toBeCloseTo(1111.95, 1);
    expect(frame.width).toBeCloseTo(1111.95 * Math.cos((30.005 * Math.PI) / 180), 1);
    const spot = onPlan(frame, [120.004, 30.007]);
    expect(onEarth(frame, spot)).toEqual([120.004, 30.007]);
  });
  it("of one house is not a point, and of nothing is none", () => {
    expect(frameAround([[120, 30]])!.width).toBeGreaterThanOrEqual(60);
    expect(frameAround([])).toBeNull();
  });
});

describe("a drawing", () => {
  const ring: LonLat[] = [[120, 30], [120.0003, 30], [120.0003, 30.0002], [120, 30.0002], [120, 30]];
  it("has the walls of houses, roads, water and marks, and says who is missing", () => {
    const drawing = drawingOf(plan([
      { kind: "house", name: "", site: "s1", shape: "Polygon", points: ring },
      { kind: "road", name: "", site: "", shape: "LineString", points: [[120, 30], [120.001, 30]] },
      { kind: "water", name: "水塘", site: "", shape: "Polygon", points: ring },
      { kind: "landmark", name: "老井", site: "", shape: "Point", points: [[120.001, 30.001]] },
    ]));
    expect(drawing.frame).not.toBeNull();
    expect(drawing.houses.map((house) => [house.site, house.number, house.ring.length])).toEqual([["s1", "1", 5]]);
    expect([drawing.roads.length, drawing.water[0]?.area, drawing.marks[0]?.name]).toEqual([1, true, "老井"]);
    expect(drawing.missing.map((one) => one.id)).toEqual(["s2", "s10", "t1"]);
  });
  it("puts sites that have a point and no walls there too", () => {
    const drawing = drawingOf(plan([], SITES.map((one, n) => site(one.id, one.name, one.group, [120 + n / 1000, 30]))));
    expect(drawing.houses.length).toBe(4);
    expect(drawing.missing).toEqual([]);
  });
  it("is a schematic where nothing is drawn: every house once, by group and number, none on another", () => {
    const drawing = drawingOf(plan([]));
    expect(drawing.frame).toBeNull();
    expect(drawing.groups.map((group) => group.name)).toEqual(["三组", "四组"]);
    expect(drawing.houses.map((house) => house.number)).toEqual(["1", "2", "10", "1"]);
    const many = schematic(Array.from({ length: 300 }, (_, n) => site(`s${n}`, `${n % 23}组 ${n}号`, `${n % 23}组`)));
    expect(new Set(many.houses.map((house) => `${house.x},${house.y}`)).size).toBe(300);
    for (const house of many.houses) {
      expect(house.x).toBeGreaterThan(0);
      expect(house.x).toBeLessThan(many.width);
      expect(house.y).toBeLessThan(many.height);
    }
    expect(schematic([]).houses).toEqual([]);
  });
  it("numbers a house as people do", () => {
    expect(["三组 7号", "12号院", "敬老院", "村口报警点2", ""].map(numberOf)).toEqual(["7", "12", "敬老", "2", ""]);
  });
  it("stands in the order in which people count", () =>
    expect(["十一组", "二组", "十组", "一组", "二十组", "三组"].sort(byName)).toEqual(["一组", "二组", "三组", "十组", "十一组", "二十组"]));
  it("is a path", () => expect(path([{ x: 0, y: 1 }, { x: 2.25, y: 3 }], true)).toBe("M0.0 1.0L2.3 3.0Z"));
});

describe("a view", () => {
  const [of, window] = [{ width: 400, height: 200 }, { width: 800, height: 600 }];
  it("shows the whole, and what is under the pointer stays there when it comes nearer", () => {
    const view = whole(of, window);
    expect(view.scale).toBe(2);
    const pixel = { x: 100, y: 500 };
    const nearer = zoomed(view, 1.5, pixel, of, window);
    const [before, after] = [onGround(view, window, pixel), onGround(nearer, window, pixel)];
    expect([after.x, after.y]).toEqual([expect.closeTo(before.x), expect.closeTo(before.y)]);
    expect(zoomed(view, 1e-9, pixel, of, window).scale).toBe(1);
    expect(inWindow(view, window, { x: 200, y: 100 })).toEqual({ x: 400, y: 300 });
  });
  it("cannot be lost by dragging", () => {
    expect(dragged(whole(of, window), { x: -1e6, y: 1e6 }, of)).toEqual({ x: 400, y: 0, scale: 2 });
  });
  it("is a viewBox", () => {
    expect(viewBox({ x: 100, y: 100, scale: 2 }, window)).toBe("-100.00 -50.00 400.00 300.00");
    expect(around({ x: 5, y: 5 }, 100, window)).toEqual({ x: 5, y: 5, scale: 3 });
  });
});

describe("calls on a plan", () => {
  const call = card(1, {
    id: "i1",
    site: { id: "s1", name: "三组 1号", address: "", landmark: "" },
    responders: [
      { name: "三组 2号", answer: "coming", at: "", by: "" },
      { name: "派出所", answer: "arrived", at: "", by: "op" },
      { name: "三组 10号", answer: "withdrawn", at: "", by: "" },
      { name: "四组 1号", answer: "accepted", at: "", by: "" },
    ],
  });
  const lit = new Map([["i1", ["lamps2", "lamps10", "lampelsewhere"]]]);
  it("show who is on the way or there, and nobody else", () => {
    const [found] = callsOn(plan([]), [call, card(9, { id: "i2", site: { id: "elsewhere", name: "", address: "", landmark: "" } })], lit);
    expect(found?.going).toEqual([{ name: "三组 2号", answer: "coming", site: "s2" }, { name: "派出所", answer: "arrived", site: "" }]);
    expect(found?.lit).toEqual(["s2", "s10"]);
  });
  it("light the neighbours, and the house itself above all", () => {
    const calls = callsOn(plan([]), [call], lit);
    const seen = glowing(calls);
    expect([...seen].map(([id, one]) => [id, one.glow])).toEqual([["s2", "lit"], ["s10", "lit"], ["s1", "call"]]);
    expect(badges(drawingOf(plan([])), calls).map((one) => [one.kind, one.house.site])).toEqual([["call", "s1"], ["coming", "s2"]]);
  });
  it("are over when they are closed", () => expect(callsOn(plan([]), [{ ...call, answer: "closed" }])).toEqual([]));
  it("read lamps from the timeline", () => {
    const line = { at: "", kind: "lit", text_zh: "", text_en: "", detail: { device: "lamps2" } };
    expect(litDevices([line, { ...line, kind: "opened" }])).toEqual(["lamps2"]);
  });
});

describe("the plan for MapLibre", () => {
  const ring: LonLat[] = [[120, 30], [120.0003, 30], [120.0003, 30.0002], [120, 30.0002], [120, 30]];
  const drawing = drawingOf(plan([{ kind: "house", name: "", site: "s1", shape: "Polygon", points: ring }, { kind: "road", name: "", site: "", shape: "LineString", points: [[120, 30], [120.001, 30]] }]));
  const framed = { ...drawing, frame: drawing.frame! };
  const colour = (token: string) => token;
  it("needs nothing from outside and has our colours", () => {
    const style = styleOf(framed, new Map([["s1", { glow: "call", what: "fire" }]]), "", colour);
    expect(JSON.stringify(style)).not.toMatch(/https?:|glyphs|sprite/);
    expect(JSON.stringify(style.sources.house)).toContain('"fill":"--fire"');
    expect(JSON.stringify(sourcesOf(framed, new Map(), "s1", colour).house)).toContain('"edge":"--focus"');
  });
  it("sees what the plain plan sees: a metre is as many pixels", () => {
    const { center, zoom } = camera(framed.frame, { x: 10, y: 10, scale: 2 });
    const pixelsPerDegree = (512 * 2 ** zoom) / 360;
    expect(pixelsPerDegree / framed.frame.perLon).toBeCloseTo(2);
    expect(onPlan(framed.frame, center).x).toBeCloseTo(10, 1);
  });
  it("knows the house under the pointer", () => {
    expect([houseAt(drawing, drawing.houses[0]!), houseAt(drawing, { x: -5, y: -5 })]).toEqual(["s1", ""]);
  });
});

describe("China's edge", () => {
  // The pairs by which eviltransform, in many languages, is tested: Shanghai, Shenzhen, Beijing.
  it.each([
    [[121.5272106, 31.1774276], [121.531541859215, 31.17530398364597]],
    [[113.912316, 22.543847], [113.9171764808363, 22.540796131694766]],
    [[116.377817, 39.911954], [116.38404722455657, 39.91334545536069]],
  ] as [LonLat, LonLat][])("%s is %s on a map published there", (wgs, gcj) => {
    const [lon, lat] = toGcj02(wgs);
    expect(Math.hypot((lon - gcj[0]) * 100_000, (lat - gcj[1]) * 111_195)).toBeLessThan(1);
  });
  it("leads back within a metre everywhere, and changes nothing outside", () => {
    for (let lon = 75; lon <= 134; lon += 4.3)
      for (let lat = 19; lat <= 53; lat += 3.7) {
        const back = fromGcj02(toGcj02([lon, lat]));
        expect(Math.hypot((back[0] - lon) * 111_195, (back[1] - lat) * 111_195)).toBeLessThan(1);
      }
    expect(toGcj02([2.35, 48.85])).toEqual([2.35, 48.85]);
  });
  it("tells outside apps a point and no name", () => {
    const [amap, tencent, device] = guides([120.5, 28.1]);
    expect(amap?.href).toMatch(/^https:\/\/uri\.amap\.com\/marker\?position=120\.50\d+,28\.09\d+&coordinate=gaode/);
    expect(tencent?.href).toMatch(/coord:28\.09\d+,120\.50\d+$/);
    expect(device?.href).toBe("geo:28.100000,120.500000");
  });
});
