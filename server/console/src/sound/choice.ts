import type { Card } from "../api/types";
import type { Feed } from "../feed/machine";
import { isWaiting, urgency } from "../incident/order";

export type Sound = "none" | "urgent" | "steady" | "lost";

/** True where a house that is in hand already was pressed again: it is heard once, it needs no second accept. */
export function pressedAgain(before: Card[], after: Card[]): boolean {
  const presses = new Map(before.map((card) => [card.id, card.presses]));
  return after.some((card) => !isWaiting(card) && card.presses > (presses.get(card.id) ?? card.presses));
}

/** What must be heard now. An unaccepted alarm outweighs a lost feed: it is known, and somebody waits. */
export function soundFor(open: Iterable<Card>, feed: Feed): Sound {
  let steady = false;
  for (const card of open) {
    if (!isWaiting(card)) continue;
    if (urgency(card.what) === 0) return "urgent";
    steady = true;
  }
  if (feed.phase === "lost") return "lost";
  return steady ? "steady" : "none";
}
