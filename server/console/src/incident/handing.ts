import type { Form } from "../api/ask";
import type { Card, What } from "../api/types";
import { STAGES } from "./acts";
import table from "./handing.json";

/** Handing an incident over to 110, 119, 120: what may be said next of one service. The table of what may follow is the
 * server's, of which handing.json is a copy that a test holds to it. */
export type Service = Form["HandoverView"]["service"];
export type HandAct = Form["Handing"]["act"];
export type Handed = Form["HandoverView"];

export const SERVICES: readonly Service[] = ["110", "119", "120"];
const ACTS: Record<HandAct, { leads: Handed["state"]; row: "hand_over" | "hand_taken" | "hand_declined" | "hand_ended" }> = {
  offer: { leads: "offered", row: "hand_over" },
  taken: { leads: "taken", row: "hand_taken" },
  declined: { leads: "declined", row: "hand_declined" },
  ended: { leads: "ended", row: "hand_ended" },
};
const NEXT: Record<Handed["state"] | "", string[]> = table;
/** So long after it was taken the county calls nobody else, as in the server's handover.HELD. */
export const HELD_MS = 30 * 60_000;

export function handed(card: Card, service: Service): Handed | undefined {
  return card.handovers.find((one) => one.service === service);
}

/** What may be said of this service now, the usual first. Police say only what became of what was handed to 110. */
export function handActs(card: Card, service: Service, atDesk: boolean): HandAct[] {
  const state = handed(card, service)?.state ?? "";
  if (!atDesk && (service !== "110" || !state)) return [];
  const may = (Object.keys(ACTS) as HandAct[]).filter((act) => NEXT[state].includes(ACTS[act].leads) && STAGES[ACTS[act].row].includes(card.stage));
  const usual: HandAct = state === "taken" ? "ended" : state === "offered" ? "taken" : "offer";
  return (atDesk ? may : may.filter((act) => act !== "offer")).sort((a, b) => Number(b === usual) - Number(a === usual));
}

const USUAL: Record<What, Service> = { fire: "119", gas: "119", flood: "119", slope: "119", panic: "120", silent: "110" };

/** Of which service the dialog speaks first: one whose answer is open, else who is usually called for this kind. */
export function firstService(card: Card, atDesk: boolean): Service {
  if (!atDesk) return "110";
  const open = card.handovers.find((one) => one.state === "offered") ?? card.handovers.find((one) => one.state === "taken");
  return open?.service ?? USUAL[card.what] ?? "110";
}

/** Until when the county calls nobody else because they took it; null: it goes on calling. `now`: the county's. */
export function heldUntil(card: Card, now: number): number | null {
  if (card.answer === "closed") return null;
  const until = Math.max(0, ...card.handovers.filter((one) => one.state === "taken" && one.taken_at).map((one) => Date.parse(one.taken_at!) + HELD_MS));
  return until > now ? until : null;
}

/** A case number as both sides read it: without blanks. */
export function sameNumber(one: string, again: string): boolean {
  const bare = (text: string) => text.replace(/\s+/g, "");
  return bare(one) !== "" && bare(one) === bare(again);
}

/** "14:05" of today as a time with offset; one that is to come was yesterday's. `now`: milliseconds. */
export function atClock(clock: string, now: number): string | null {
  const [hours, minutes] = clock.split(":").map(Number);
  if (!Number.isInteger(hours) || !Number.isInteger(minutes)) return null;
  const at = new Date(now);
  at.setHours(hours!, minutes, 0, 0);
  if (at.getTime() > now + 60_000) at.setDate(at.getDate() - 1);
  return new Date(at).toISOString();
}
