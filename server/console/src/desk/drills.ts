import type { Form } from "../api/ask";
import { durationWords, type Lang } from "../time/words";

export type Drill = Form["DrillView"];
export type DrillState = "waits" | "missed" | "running" | "real" | "done";

/** How far an announced drill is. `now`: the county's time. */
export function drillState(one: Drill, now: number): DrillState {
  if (one.incident) return one.over ? "done" : "running";
  if (one.pressed) return "real";
  return Date.parse(one.until) > now ? "waits" : "missed";
}

export interface DrillSay {
  waits: (words: string) => string;
  missed: string;
  running: string;
  real: string;
  done: string;
}

export function drillWords(one: Drill, now: number, say: DrillSay, lang: Lang): string {
  const state = drillState(one, now);
  return state === "waits" ? say.waits(durationWords(Date.parse(one.until) - now, lang)) : say[state];
}
