import type { Form } from "../api/ask";
import { frameAround, onPlan, type Frame, type LonLat, type Spot } from "./place";

/** What is drawn of a village, in metres: from its ground plan where there is one, else of household groups and numbers. */
export interface Drawing {
  /** null: a schematic; where things are is not known. */
  frame: Frame | null;
  width: number;
  height: number;
  houses: House[];
  roads: Spot[][];
  water: { points: Spot[]; area: boolean; name: string }[];
  marks: Mark[];
  /** Headings of a schematic. */
  groups: { name: string; x: number; y: number }[];
  /** Sites that are entered and not drawn. */
  missing: PlanSite[];
}

export interface House {
  /** "" : nobody is entered for it, or it is not for this person. */
  site: string;
  number: string;
  name: string;
  x: number;
  y: number;
  ring: Spot[];
}

export interface Mark {
  kind: "landmark" | "muster";
  name: string;
  x: number;
  y: number;
}

export type Plan = Form["GroundPlan"];
export type PlanSite = Form["PlanSite"];
type Feature = Form["DrawnFeature"];

const HOUSE = 11; // metres: of a house whose walls are not drawn
const LEAST_PART = 0.011; // of the drawing's larger side: a smaller house could not be seen

export function drawingOf(plan: Plan): Drawing {
  const points = [...plan.features.flatMap((one) => one.points as LonLat[]), ...plan.sites.flatMap(stands)];
  const frame = frameAround(points);
  // A point or two of a village of many houses is no plan of it.
  const placed = plan.sites.filter((site) => site.latitude !== null).length;
  if (!frame || (!plan.features.length && placed < plan.sites.length / 2)) return schematic(plan.sites);
  return drawn(frame, plan.features, plan.sites);
}

function stands(site: PlanSite): LonLat[] {
  return site.longitude === null || site.latitude === null ? [] : [[site.longitude, site.latitude]];
}

export function drawn(frame: Frame, features: readonly Feature[], sites: readonly PlanSite[]): Drawing {
  const spots = (one: Feature) => (one.points as LonLat[]).map((point) => onPlan(frame, point));
  const names = new Map(sites.map((site) => [site.id, site.name]));
  const least = Math.max(frame.width, frame.height) * LEAST_PART;
  const houses = features.filter((one) => one.kind === "house").map((one) => house(spots(one), one.site, names.get(one.site) ?? one.name, least));
  const drawnOnes = new Set(houses.map((one) => one.site));
  const rest = sites.filter((site) => !drawnOnes.has(site.id));
  for (const site of rest) for (const point of stands(site)) houses.push(house([onPlan(frame, point)], site.id, site.name, least));
  return {
    frame,
    width: frame.width,
    height: frame.height,
    houses,
    roads: features.filter((one) => one.kind === "road").map(spots),
    water: features.filter((one) => one.kind === "water").map((one) => ({ points: spots(one), area: one.shape === "Polygon", name: one.name })),
    marks: features.flatMap((one) => (one.kind === "landmark" || one.kind === "muster" ? [{ kind: one.kind, name: one.name, ...spots(one)[0]! }] : [])),
    groups: [],
    missing: rest.filter((site) => !stands(site).length),
  };
}

function house(points: Spot[], site: string, name: string, least: number): House {
  const xs = points.map((one) => one.x);
  const ys = points.map((one) => one.y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  const small = Math.max(right - left, bottom - top) < least;
  return { site, name, number: numberOf(name), x, y, ring: points.length < 4 || small ? square(x, y, Math.max(HOUSE, least)) : points };
}

function square(x: number, y: number, side: number): Spot[] {
  const half = side / 2;
  return [{ x: x - half, y: y - half }, { x: x + half, y: y - half }, { x: x + half, y: y + half }, { x: x - half, y: y + half }];
}

/** Household groups as blocks, houses by number: where they are to each other is not said. */
export function schematic(sites: readonly PlanSite[]): Drawing {
  const groups = new Map<string, PlanSite[]>();
  for (const site of sites) groups.set(site.group, [...(groups.get(site.group) ?? []), site]);
  const largest = Math.max(1, ...[...groups.values()].map((list) => list.length));
  const across = Math.max(3, Math.ceil(Math.sqrt(largest * 1.6)));
  const columns = Math.max(1, Math.round(Math.sqrt((groups.size * 1.5 * Math.ceil(largest / across)) / across)));
  const drawing: Drawing = { frame: null, width: 0, height: 0, houses: [], roads: [], water: [], marks: [], groups: [], missing: [] };
  const tops = new Array<number>(columns).fill(MARGIN);
  for (const [name, list] of [...groups].sort(([a], [b]) => byName(a, b))) {
    const column = tops.indexOf(Math.min(...tops));
    const [left, top] = [MARGIN + column * (across * CELL + GAP), tops[column]!];
    drawing.groups.push({ name, x: left, y: top + HEAD / 2 });
    [...list].sort((a, b) => byName(a.name, b.name)).forEach((site, n) => {
      const [x, y] = [left + (n % across) * CELL + CELL / 2, top + HEAD + Math.floor(n / across) * CELL + CELL / 2];
      drawing.houses.push({ site: site.id, name: site.name, number: numberOf(site.name), x, y, ring: square(x, y, CELL * 0.74) });
    });
    tops[column] = top + HEAD + Math.ceil(list.length / across) * CELL + GAP;
  }
  drawing.width = 2 * MARGIN + columns * (across * CELL + GAP) - GAP;
  drawing.height = Math.max(...tops) + MARGIN - GAP;
  return drawing;
}

const [CELL, HEAD, GAP, MARGIN] = [20, 16, 16, 14];

/** As people count: 二组 before 十组, 三组 2号 before 三组 10号. */
export function byName(a: string, b: string): number {
  return counted(a).localeCompare(counted(b), "zh", { numeric: true });
}

const DIGITS = "〇一二三四五六七八九";

function counted(name: string): string {
  return name.replace(/[一二三四五六七八九]?十[一二三四五六七八九]?|[〇一二三四五六七八九]+/g, (said) => {
    if (!said.includes("十")) return [...said].map((one) => DIGITS.indexOf(one)).join("");
    const [tens, ones] = said.split("十");
    return String((tens ? DIGITS.indexOf(tens) : 1) * 10 + (ones ? DIGITS.indexOf(ones) : 0));
  });
}

/** What stands on the house: the last number of its name, else its first two characters. */
export function numberOf(name: string): string {
  return /(\d+)\D*$/.exec(name)?.[1] ?? name.slice(0, 2);
}

export function path(points: readonly Spot[], closed: boolean): string {
  return points.map(({ x, y }, n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("") + (closed ? "Z" : "");
}
