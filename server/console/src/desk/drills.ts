import type { Form } from "../api/ask";
import { durationWords, type Lang } from "../time/words";

export type Drill = Form["DrillView"];
export type DrillState = "waits" | "missed" | "running" | "over" | "done";

/** How far an announced drill is. `now`: the county's time. */
export function drillState(one: Drill, now: number): DrillState {
  if (one.incident) return "done";
  if (one.pressed) return one.over ? "over" : "running";
  return Date.parse(one.until) > now ? "waits" : "missed";
}

export interface DrillSay {
  waits: (words: string) => string;
  missed: string;
  running: string;
  over: string;
  done: (who: string) => string;
}

export function drillWords(one: Drill, now: number, say: DrillSay, lang: Lang): string {
  const state = drillState(one, now);
  if (state === "waits") return say.waits(durationWords(Date.parse(one.until) - now, lang));
  return state === "done" ? say.done(one.marked_by) : say[state];
}

/** The announced drill that a closed incident may have been. */
export function drillOf(drills: readonly Drill[], incident: string): Drill | null {
  return drills.find((one) => one.pressed === incident && one.over && !one.incident) ?? null;
}
