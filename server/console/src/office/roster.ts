/** Rosters as people read them. Pure; minutes are of the local day. */
import type { Form } from "../api/ask";
import { dayOf } from "../figures/period";
import { clockOf } from "./ladder";

export type Shift = Form["ShiftForm"];
export const ROSTER_ROLES = ["operator", "commander", "grid_worker", "group_head", "volunteer", "police", "department", "technician"] as const;
export const DAY_KINDS = ["work", "rest", "holiday"] as const;

/** "08:00–20:00" of a shift. */
export function shiftHours(shift: Pick<Shift, "starts" | "ends">): string {
  return `${clockOf(shift.starts)}–${clockOf(shift.ends)}`;
}

/** What somebody typed: a turn a line, its people with commas between. */
export function turnsOf(text: string): string[][] {
  return text.split("\n").map((line) => line.split(/[,，;；\s]+/).filter(Boolean)).filter((turn) => turn.length);
}
export function turnsText(turns: readonly (readonly string[])[]): string {
  return turns.map((turn) => turn.join(", ")).join("\n");
}

export interface DayPlan {
  day: string;
  spans: Form["SpanView"][];
}

/** Spans by the local day on which they begin; one that goes on from the day before stands there. `days`: how many at most. */
export function byDay(spans: readonly Form["SpanView"][], days: number): DayPlan[] {
  const found = new Map<string, Form["SpanView"][]>();
  for (const span of spans) {
    const day = dayOf(Date.parse(span.since));
    found.set(day, [...(found.get(day) ?? []), span]);
  }
  return [...found].slice(0, days).map(([day, of]) => ({ day, spans: of }));
}

export function newShift(today: string): Shift {
  return { name: "", starts: 480, ends: 1200, turns: [], first_day: today, weekdays: [1, 2, 3, 4, 5, 6, 7], days: [...DAY_KINDS], turn_days: 1 };
}
