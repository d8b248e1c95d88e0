import { describe, expect, it } from "vitest";

import { toGcj02 } from "./china";
import { begin, changed, fromGeoJson, lined, moved, nearest, placed, readPoint, redo, toGeoJson, toPlace, undo, type Feature } from "./draft";
import type { PlanSite } from "./drawing";
import { frameAround, onPlan, type LonLat } from "./place";

const frame = frameAround([[120, 30]], 300)!;
const spot = { x: 100, y: 120 };
const house = placed("house", frame, spot, "s1", "");
const site = (id: string, name: string, group: string): PlanSite => ({ id, name, group, kind: "household", landmark: "", lamps: [], latitude: null, longitude: null });

describe("a draft", () => {
  it("goes back and forth, and what is drawn anew ends the way forth", () => {
    const one = changed(begin([]), [house]);
    const two = changed(one, []);
    expect(undo(two).features).toEqual([house]);
    expect(redo(undo(two)).features).toEqual([]);
    expect(undo(undo(undo(two))).features).toEqual([]);
    expect(redo(changed(undo(two), [house, house])).features.length).toBe(2);
  });
  it("places a house of 12 metres where somebody points", () => {
    const corners = (house.points as LonLat[]).map((point) => onPlan(frame, point));
    expect(corners.length).toBe(5);
    expect([Math.min(...corners.map((one) => one.x)), Math.max(...corners.map((one) => one.x))]).toEqual([expect.closeTo(94, 1), expect.closeTo(106, 1)]);
    expect(house.points[0]).toEqual(house.points[4]);
  });
  it("waits for enough points of a line, and closes a pond", () => {
    expect(lined("road", frame, [spot], "")).toBeNull();
    expect(lined("pond", frame, [spot, { x: 1, y: 1 }], "")).toBeNull();
    const pond = lined("pond", frame, [spot, { x: 1, y: 1 }, { x: 9, y: 90 }], "水塘")!;
    expect([pond.kind, pond.shape, pond.points.length, pond.name]).toEqual(["water", "Polygon", 4, "水塘"]);
    expect(pond.points[0]).toEqual(pond.points[3]);
  });
  it("moves by metres", () => {
    const [corner] = moved(frame, house, { x: 10, y: -5 }).points as LonLat[];
    expect(onPlan(frame, corner!).x).toBeCloseTo(104, 1);
  });
  it("offers the houses that are not there yet, as one walks", () => {
    const sites = [site("a", "二组 1号", "二组"), site("b", "一组 10号", "一组"), site("c", "一组 2号", "一组"), site("s1", "一组 1号", "一组")];
    expect(toPlace(sites, [house]).map((one) => one.id)).toEqual(["c", "b", "a"]);
  });
  it("finds what somebody points at, and nothing where nothing is", () => {
    const road = lined("road", frame, [{ x: 0, y: 300 }, { x: 400, y: 300 }], "")!;
    expect([nearest(frame, [house, road], { x: 103, y: 121 }, 8), nearest(frame, [house, road], { x: 222, y: 303 }, 8), nearest(frame, [house, road], { x: 300, y: 200 }, 8)]).toEqual([0, 1, -1]);
  });
});

describe("GeoJSON", () => {
  const features: Feature[] = [house, lined("stream", frame, [spot, { x: 1, y: 1 }], "溪")!, placed("landmark", frame, spot, "", "老井")];
  it("goes out and comes in the same", () => expect(fromGeoJson(JSON.stringify(toGeoJson(features)), false)).toEqual(features));
  it("of a Chinese map comes in where it truly is", () => {
    const there: LonLat = [120.1234, 30.2345];
    const [well] = fromGeoJson(JSON.stringify(toGeoJson([{ ...features[2]!, points: [toGcj02(there)] }])), true);
    expect(well?.points[0]?.[0]).toBeCloseTo(there[0], 5);
    expect(well?.points[0]?.[1]).toBeCloseTo(there[1], 5);
  });
  it("that is none raises, and features without points are left out", () => {
    expect(() => fromGeoJson("{}", false)).toThrow(TypeError);
    expect(() => fromGeoJson("<kml>", false)).toThrow(SyntaxError);
    expect(fromGeoJson('{"features":[{},{"geometry":{"type":"Point","coordinates":["x",1]}},null]}', false)).toEqual([]);
  });
});

describe("a point that somebody types", () => {
  it.each([["28.1, 120.5", [120.5, 28.1]], ["120.5,28.1", [120.5, 28.1]], ["北纬28.1 东经120.5", [120.5, 28.1]], ["28.1", null], ["", null], ["190 95", null]])("%s", (text, point) => expect(readPoint(text, false)).toEqual(point));
});
