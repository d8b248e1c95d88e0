import type { Form } from "../api/ask";
import { fromGcj02 } from "./china";
import { byName, type PlanSite } from "./drawing";
import { onEarth, onPlan, type Frame, type LonLat, type Spot } from "./place";

/** A plan that is being drawn: what is on it, and the way back. Pure; every change is a new draft. */
export type Feature = Form["DrawnFeature"];

export interface Draft {
  features: readonly Feature[];
  past: readonly (readonly Feature[])[];
  future: readonly (readonly Feature[])[];
}

export type Tool = "choose" | "house" | "road" | "stream" | "pond" | "landmark" | "muster";
export const TOOLS: Tool[] = ["choose", "house", "road", "stream", "pond", "landmark", "muster"];
/** Tools that take several points, ended by Enter. */
export const LINES: readonly Tool[] = ["road", "stream", "pond"];

const PAST_KEPT = 200;
const HOUSE = 6; // metres from its middle to its walls

export function begin(features: readonly Feature[]): Draft {
  return { features, past: [], future: [] };
}

export function changed(draft: Draft, features: readonly Feature[]): Draft {
  return { features, past: [...draft.past, draft.features].slice(-PAST_KEPT), future: [] };
}

export function undo(draft: Draft): Draft {
  const before = draft.past.at(-1);
  return before ? { features: before, past: draft.past.slice(0, -1), future: [draft.features, ...draft.future] } : draft;
}

export function redo(draft: Draft): Draft {
  const [next, ...future] = draft.future;
  return next ? { features: next, past: [...draft.past, draft.features], future } : draft;
}

/** A house of 12 by 12 metres around a spot, a mark at it. */
export function placed(tool: "house" | "landmark" | "muster", frame: Frame, spot: Spot, site: string, name: string): Feature {
  if (tool !== "house") return { kind: tool, name, site: "", shape: "Point", points: [onEarth(frame, spot)] };
  const corners = [[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]] as const;
  return { kind: "house", name: "", site, shape: "Polygon", points: corners.map(([x, y]) => onEarth(frame, { x: spot.x + x * HOUSE, y: spot.y + y * HOUSE })) };
}

/** The line or pond of these spots; null while they are too few. */
export function lined(tool: "road" | "stream" | "pond", frame: Frame, spots: readonly Spot[], name: string): Feature | null {
  if (spots.length < (tool === "pond" ? 3 : 2)) return null;
  const points = spots.map((spot) => onEarth(frame, spot));
  if (tool === "road") return { kind: "road", name, site: "", shape: "LineString", points };
  return tool === "stream" ? { kind: "water", name, site: "", shape: "LineString", points } : { kind: "water", name, site: "", shape: "Polygon", points: [...points, points[0]!] };
}

/** Moved by metres. */
export function moved(frame: Frame, feature: Feature, by: Spot): Feature {
  const points = (feature.points as LonLat[]).map((point) => {
    const { x, y } = onPlan(frame, point);
    return onEarth(frame, { x: x + by.x, y: y + by.y });
  });
  return { ...feature, points };
}

/** Houses that are entered and not on the plan, in the order in which one walks: group by group, number by number. */
export function toPlace(sites: readonly PlanSite[], features: readonly Feature[]): PlanSite[] {
  const there = new Set(features.map((one) => one.site));
  return sites.filter((site) => !there.has(site.id)).sort((a, b) => byName(a.group, b.group) || byName(a.name, b.name));
}

/** What lies nearest to a spot, within `reach` metres; -1 nothing. */
export function nearest(frame: Frame, features: readonly Feature[], spot: Spot, reach: number): number {
  let found = -1;
  let least = reach;
  features.forEach((feature, n) => {
    const spots = (feature.points as LonLat[]).map((point) => onPlan(frame, point));
    const far = feature.kind === "house" ? Math.hypot(mean(spots, "x") - spot.x, mean(spots, "y") - spot.y) - HOUSE : Math.min(...spots.map((one, at) => toSegment(spot, one, spots[at + 1] ?? one)));
    if (far < least) [found, least] = [n, far];
  });
  return found;
}

function mean(spots: readonly Spot[], axis: "x" | "y"): number {
  const all = spots.map((spot) => spot[axis]);
  return (Math.min(...all) + Math.max(...all)) / 2;
}

function toSegment(spot: Spot, a: Spot, b: Spot): number {
  const length = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const along = length ? Math.max(0, Math.min(1, ((spot.x - a.x) * (b.x - a.x) + (spot.y - a.y) * (b.y - a.y)) / length)) : 0;
  return Math.hypot(a.x + along * (b.x - a.x) - spot.x, a.y + along * (b.y - a.y) - spot.y);
}

export function toGeoJson(features: readonly Feature[]): Record<string, unknown> {
  return {
    type: "FeatureCollection",
    features: features.map(({ kind, name, site, shape, points }) => ({
      type: "Feature",
      properties: { kind, ...(name && { name }), ...(site && { site }) },
      geometry: { type: shape, coordinates: shape === "Point" ? points[0] : shape === "Polygon" ? [points] : points },
    })),
  };
}

/** Features of a GeoJSON file, as far as they can be drawn here; the server says what is wrong with the rest. `gcj`: its
 * points are of a map that is published in China. Raises SyntaxError, or TypeError where it is no FeatureCollection. */
export function fromGeoJson(text: string, gcj: boolean): Feature[] {
  const document = JSON.parse(text) as { features?: unknown };
  if (!Array.isArray(document?.features)) throw new TypeError("no FeatureCollection");
  return document.features.flatMap((row: { properties?: Record<string, unknown>; geometry?: { type?: string; coordinates?: unknown } }) => {
    const { type, coordinates } = row?.geometry ?? {};
    const given = type === "Point" ? [coordinates] : type === "Polygon" ? (coordinates as unknown[])?.[0] : coordinates;
    if (!Array.isArray(given) || !given.every(isPoint)) return [];
    const points = given.map(([lon, lat]): LonLat => (gcj ? fromGcj02([lon, lat]) : [lon, lat]));
    const { kind = "", name = "", site = "" } = row.properties ?? {};
    return [{ kind, name, site, shape: type, points } as Feature];
  });
}

function isPoint(given: unknown): given is LonLat {
  return Array.isArray(given) && Number.isFinite(given[0]) && Number.isFinite(given[1]);
}

/** "28.1234, 120.5678" or with the longitude first: in China the larger is the longitude. null: not understood. */
export function readPoint(text: string, gcj: boolean): LonLat | null {
  const found = text.match(/-?\d+(\.\d+)?/g)?.map(Number);
  if (found?.length !== 2) return null;
  const [a, b] = found as [number, number];
  const point: LonLat = Math.abs(a) > Math.abs(b) ? [a, b] : [b, a];
  if (Math.abs(point[1]) > 85 || Math.abs(point[0]) > 180) return null;
  return gcj ? fromGcj02(point) : point;
}
