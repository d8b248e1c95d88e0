import type { Card } from "../api/types";
import type { Feed } from "../feed/machine";
import { isWaiting, urgency } from "../incident/order";

export type Sound = "none" | "urgent" | "steady" | "lost";

/** After so long unaccepted it is louder. */
export const LOUDER_MS = 15_000;

/** Whether something waits for so long that the ringing has not been heard. `queue`: in its order; `now`: the county's. */
export function isLouder(queue: readonly Card[], now: number): boolean {
  for (const card of queue) {
    if (!isWaiting(card)) return false;
    if (now - Date.parse(card.opened_at) > LOUDER_MS) return true;
  }
  return false;
}

/** True where a house that is in hand already was pressed again: it is heard once, it needs no second accept. */
export function pressedAgain(before: readonly Card[], after: readonly Card[]): boolean {
  const known = new Set(before);
  const fresh = after.filter((card) => !known.has(card) && !isWaiting(card));
  if (!fresh.length) return false;
  const presses = new Map(before.map((card) => [card.id, card.presses]));
  return fresh.some((card) => card.presses > (presses.get(card.id) ?? card.presses));
}

/** What must be heard now. An unaccepted alarm outweighs a lost feed: it is known, and somebody waits. */
export function soundFor(queue: readonly Card[], feed: Feed): Sound {
  let steady = false;
  for (const card of queue) {
    if (!isWaiting(card)) break; // what waits stands in front
    if (urgency(card.what) === 0) return "urgent";
    steady = true;
  }
  if (feed.phase === "lost") return "lost";
  return steady ? "steady" : "none";
}
