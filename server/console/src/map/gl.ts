import type { GeoJSONSourceSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";

import type { Glow } from "./calls";
import type { Drawing } from "./drawing";
import { onEarth, type Frame, type LonLat, type Spot } from "./place";
import type { View } from "./view";
import type { What } from "../api/types";

/** A drawing as MapLibre takes it: sources of GeoJSON and layers in our own colours; nothing from outside, no tiles, no
 * glyphs (letters are drawn by the browser). Pure. */
export type Colour = (token: string) => string;

type Row = { type: "Feature"; properties: Record<string, string | number>; geometry: { type: "Point" | "LineString" | "Polygon"; coordinates: unknown } };

export function styleOf(drawing: Drawing & { frame: Frame }, glow: ReadonlyMap<string, { glow: Glow; what: What }>, chosen: string, colour: Colour): StyleSpecification {
  return {
    version: 8,
    sources: sourcesOf(drawing, glow, chosen, colour),
    layers: layers(colour),
  };
}

/** `data` of each source. */
export function sourcesOf(drawing: Drawing & { frame: Frame }, glow: ReadonlyMap<string, { glow: Glow; what: What }>, chosen: string, colour: Colour): Record<string, GeoJSONSourceSpecification> {
  const { frame } = drawing;
  const line = (points: Spot[]): LonLat[] => points.map((spot) => onEarth(frame, spot));
  const ring = (points: Spot[]): LonLat[][] => [line([...points, points[0]!])];
  const row = (type: Row["geometry"]["type"], coordinates: unknown, properties: Row["properties"] = {}): Row => ({ type: "Feature", properties, geometry: { type, coordinates } });
  const houses = drawing.houses.map((house) => {
    const why = glow.get(house.site);
    const look = why?.glow === "call" ? { fill: colour(`--${why.what}`), edge: colour(`--${why.what}`), ink: colour("--on-alarm"), width: 3 }
      : why ? { fill: colour("--warn-wash"), edge: colour("--lamp"), ink: colour("--ink"), width: 2.5 }
      : { fill: colour("--surface"), edge: colour("--line-strong"), ink: colour("--ink-2"), width: 1 };
    return { house, look: house.site === chosen && chosen ? { ...look, edge: colour("--focus"), width: 3 } : look };
  });
  return {
    pond: of(drawing.water.filter((one) => one.area).map((one) => row("Polygon", ring(one.points)))),
    stream: of(drawing.water.filter((one) => !one.area).map((one) => row("LineString", line(one.points)))),
    road: of(drawing.roads.map((points) => row("LineString", line(points)))),
    house: of(houses.map(({ house, look }) => row("Polygon", ring(house.ring), look))),
    number: of(houses.map(({ house, look }) => row("Point", onEarth(frame, house), { text: house.number, ink: look.ink }))),
    mark: of(drawing.marks.map((mark) => row("Point", onEarth(frame, mark), { text: mark.name, kind: mark.kind }))),
  };
}

function of(features: Row[]): GeoJSONSourceSpecification {
  return { type: "geojson", data: { type: "FeatureCollection", features } as GeoJSONSourceSpecification["data"] };
}

function layers(colour: Colour): LayerSpecification[] {
  const round = { "line-cap": "round", "line-join": "round" } as const;
  const water = colour("--water");
  // Metres wide at any nearness: twice as many pixels with each level.
  const metres = (many: number) => ["interpolate", ["exponential", 2], ["zoom"], 12, many / 16, 22, many * 64] as unknown as number;
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("--ground") } },
    { id: "pond", type: "fill", source: "pond", paint: { "fill-color": water } },
    { id: "stream", type: "line", source: "stream", layout: round, paint: { "line-color": water, "line-width": metres(5) } },
    { id: "road edge", type: "line", source: "road", layout: round, paint: { "line-color": colour("--line"), "line-width": metres(6.5) } },
    { id: "road", type: "line", source: "road", layout: round, paint: { "line-color": colour("--surface"), "line-width": metres(5) } },
    { id: "house", type: "fill", source: "house", paint: { "fill-color": ["get", "fill"] } },
    { id: "wall", type: "line", source: "house", paint: { "line-color": ["get", "edge"], "line-width": ["get", "width"] } },
    { id: "number", type: "symbol", source: "number", minzoom: 16.5, layout: { "text-field": ["get", "text"], "text-size": 13, "text-allow-overlap": true }, paint: { "text-color": ["get", "ink"] } },
    { id: "mark", type: "circle", source: "mark", paint: { "circle-radius": 4.5, "circle-color": ["match", ["get", "kind"], "muster", colour("--surface"), colour("--ink-2")], "circle-stroke-color": colour("--ink-2"), "circle-stroke-width": 2 } },
    { id: "name", type: "symbol", source: "mark", layout: { "text-field": ["get", "text"], "text-size": 13, "text-anchor": "left", "text-offset": [0.7, 0], "text-optional": true }, paint: { "text-color": colour("--ink-2"), "text-halo-color": colour("--ground"), "text-halo-width": 1.5 } },
  ];
}

const TILE = 512; // pixels of the whole earth at zoom 0

/** Where MapLibre's camera is to see the same as `view`. */
export function camera(frame: Frame, view: View): { center: LonLat; zoom: number } {
  return { center: onEarth(frame, view), zoom: Math.log2((view.scale * frame.perLon * 360) / TILE) };
}

/** The house under a spot: the smallest that reaches it. */
export function houseAt(drawing: Drawing, spot: Spot): string {
  const hit = drawing.houses.filter(({ site, ring }) => {
    const [xs, ys] = [ring.map((one) => one.x), ring.map((one) => one.y)];
    return site && spot.x >= Math.min(...xs) && spot.x <= Math.max(...xs) && spot.y >= Math.min(...ys) && spot.y <= Math.max(...ys);
  });
  return hit[0]?.site ?? "";
}
