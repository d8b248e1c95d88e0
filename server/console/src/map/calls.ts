import type { Card, TimelineEntry, What } from "../api/types";
import type { Drawing, House, Plan } from "./drawing";

/** An open call on a plan. */
export interface PlanCall {
  id: string;
  what: What;
  site: string;
  answer: Card["answer"];
  /** Sites whose lamps show it. */
  lit: string[];
  /** Who is on the way, and who is there; whose house is on the plan has a `site`. Nobody else, and nobody before or after. */
  going: { name: string; answer: "coming" | "arrived"; site: string }[];
}

/** The open calls of this village. `lit`: incident -> ids of devices that show it. */
export function callsOn(plan: Plan, cards: readonly Card[], lit: ReadonlyMap<string, readonly string[]> = new Map()): PlanCall[] {
  const here = new Set(plan.sites.map((site) => site.id));
  const byName = new Map(plan.sites.map((site) => [site.name, site.id]));
  const lampAt = new Map(plan.sites.flatMap((site) => site.lamps.map((lamp) => [lamp, site.id] as const)));
  return cards
    .filter((card) => here.has(card.site.id) && card.answer !== "closed")
    .map((card) => ({
      id: card.id,
      what: card.what,
      site: card.site.id,
      answer: card.answer,
      lit: [...new Set((lit.get(card.id) ?? []).flatMap((device) => lampAt.get(device) ?? []))],
      going: card.responders.flatMap(({ name, answer }) => (answer === "coming" || answer === "arrived" ? [{ name, answer, site: byName.get(name) ?? "" }] : [])),
    }));
}

/** Devices of whom an incident's timeline says that they show it. */
export function litDevices(timeline: readonly TimelineEntry[]): string[] {
  return timeline.filter((line) => line.kind === "lit").map((line) => String(line.detail.device ?? ""));
}

export interface Badge {
  kind: "call" | "coming" | "arrived";
  house: House;
  call: PlanCall;
  name: string;
}

/** What is written beside houses: each call, and who goes from where. */
export function badges(drawing: Drawing, calls: readonly PlanCall[]): Badge[] {
  const houses = new Map(drawing.houses.filter((house) => house.site).map((house) => [house.site, house]));
  return calls.flatMap((call) => {
    const at = houses.get(call.site);
    const own: Badge[] = at ? [{ kind: "call", house: at, call, name: at.name }] : [];
    const from = call.going.flatMap(({ name, answer, site }): Badge[] => {
      const house = houses.get(site);
      return house && site !== call.site ? [{ kind: answer, house, call, name }] : [];
    });
    return [...own, ...from];
  });
}

export type Glow = "call" | "lit" | "";

/** Why a house is not grey: site -> (why, of which call). A call of its own goes before a neighbour's. */
export function glowing(calls: readonly PlanCall[]): Map<string, { glow: Glow; what: What }> {
  const found = new Map<string, { glow: Glow; what: What }>();
  for (const call of calls) for (const site of call.lit) if (!found.has(site)) found.set(site, { glow: "lit", what: call.what });
  for (const call of calls) found.set(call.site, { glow: "call", what: call.what });
  return found;
}
