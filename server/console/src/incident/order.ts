import type { Card, What } from "../api/types";

/** Lower is more urgent. Whatever can kill within minutes comes first; among equals nobody is ranked by a guess. */
export const URGENCY: Record<What, number> = { fire: 0, panic: 0, gas: 0, slope: 0, silent: 0, flood: 1 };

export function urgency(what: What): number {
  return URGENCY[what] ?? 0; // a kind this page does not know is urgent until somebody says otherwise
}

/** True until an operator stands by it. A neighbour on the way does not end the ringing at the command centre: somebody
 * here must have taken it in. Nor does a household's cancel. */
export function isWaiting(card: Card): boolean {
  if (card.answer === "closed") return false;
  return !card.responders.some((one) => one.by && !["withdrawn", "cannot", "late"].includes(one.answer));
}

/** The queue's order: what waits for an answer before what is in hand, then urgency, then the newest press. */
export function inOrder(cards: Iterable<Card>): Card[] {
  return [...cards].sort(
    (a, b) =>
      Number(isWaiting(b)) - Number(isWaiting(a)) ||
      urgency(a.what) - urgency(b.what) ||
      Date.parse(b.last_press_at) - Date.parse(a.last_press_at) ||
      (a.id < b.id ? -1 : 1),
  );
}

/** Closed ones, the last closed first. */
export function closedOrder(cards: Iterable<Card>): Card[] {
  return [...cards].sort((a, b) => (b.closed_at ?? "").localeCompare(a.closed_at ?? "") || (a.id < b.id ? -1 : 1));
}
