/** An escalation policy as a ladder, and what a simulation of it says. Pure; times in seconds or minutes as named. */
import type { Form } from "../api/ask";
import type { Lang } from "../time/words";

export type Step = Form["PolicyStep"];
export type Policy = Form["PolicyForm"];
export const UNTIL = ["accepted", "coming", "arrived", "closed"] as const;
export const LEVELS = ["site", "group", "grid", "village", "township", "county", "city"] as const;
export const MACHINES = ["siren", "speaker"] as const;
/** Roles that a step may name, and at which levels that makes sense. */
export const ROLES = ["group_head", "grid_worker", "volunteer", "family", "operator", "commander", "police", "siren", "speaker"] as const;
export const WHATS = ["panic", "fire", "gas", "flood", "slope", "silent"] as const;
export const DAY_MIN = 1440;
/** The county's own part of a step bears the step's number plus this. */
const COUNTYS = 500;

/** "立即", "1 分钟", "90 秒", "1 小时": a number of seconds that somebody typed. */
export function spell(seconds: number, lang: Lang): string {
  const [n, zh, en] = seconds % 3600 === 0 && seconds ? [seconds / 3600, "小时", "h"] : seconds % 60 === 0 && seconds ? [seconds / 60, "分钟", "min"] : [seconds, "秒", "s"];
  return lang === "zh" ? `${n} ${zh}` : `${n} ${en}`;
}

/** "22:00–次日 06:00" of minutes of the day; "" where it is always. */
export function hours(from: number, to: number, lang: Lang): string {
  if (from === 0 && to === DAY_MIN) return "";
  const clock = (minute: number) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  return to > from ? `${clock(from)}–${clock(to)}` : lang === "zh" ? `${clock(from)}–次日 ${clock(to)}` : `${clock(from)}–${clock(to)} next day`;
}

/** "22:00" to minutes, and back; an end at midnight is the day's last minute. */
export function minuteOf(clock: string): number {
  const [h, m] = clock.split(":").map(Number);
  return (h ?? 0) * 60 + (m ?? 0);
}
export function clockOf(minute: number): string {
  const within = minute % DAY_MIN;
  return `${String(Math.floor(within / 60)).padStart(2, "0")}:${String(within % 60).padStart(2, "0")}`;
}

/** A step to add below the last one: later, at whom nobody calls yet. */
export function nextStep(steps: readonly Step[]): Step {
  const last = steps.at(-1);
  return { after_s: last ? last.after_s + 120 : 0, until: last?.until ?? "accepted", whom: [{ role: "operator", level: "county" }], again_s: 120, times: 0 };
}

/** The policy with one duty more or less in a step; the same duty twice makes none. */
export function withWhom(step: Step, role: string, level: Step["whom"][number]["level"]): Step {
  return step.whom.some((one) => one.role === role && one.level === level) ? step : { ...step, whom: [...step.whom, { role, level }] };
}

export interface Lane {
  name: string;
  owner: string;
  step: number;
  channels: string[];
  /** Seconds after the press, in order. */
  at: number[];
}

/** Who is called when, one line for each person and step, the first called first. */
export function lanes(calls: readonly Form["CallView"][]): Lane[] {
  const found = new Map<string, Lane>();
  for (const call of calls) {
    const step = call.step >= COUNTYS ? call.step - COUNTYS : call.step;
    const key = `${step} ${call.name} ${call.owner}`;
    const lane = found.get(key) ?? { name: call.name, owner: call.owner, step, channels: call.channels, at: [] };
    lane.at.push(call.at_s);
    found.set(key, lane);
  }
  return [...found.values()].sort((a, b) => a.at[0]! - b.at[0]! || a.step - b.step);
}

/** An id from what somebody typed: small letters, digits and dashes. */
export function idOf(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40);
}

/** Policies by area in the order in which they count there; those that hold everywhere last. */
export function byArea<T extends { area?: number | null; place?: number }>(policies: readonly T[]): { area: number | null; policies: T[] }[] {
  const areas = [...new Set(policies.map((one) => one.area ?? null))].sort((a, b) => Number(a === null) - Number(b === null));
  return areas.map((area) => ({ area, policies: policies.filter((one) => (one.area ?? null) === area) }));
}
