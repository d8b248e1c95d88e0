import type { Card } from "../api/types";
import { isWaiting } from "./order";

/** How long after the screen chose a card by itself a key press still belongs to the card before it. */
export const HANDS_OFF_MS = 700;

/** Which card is selected after the queue changed from `before`. `busy`: the operator has a dialog open.
 *
 * The operator's choice stays, also after accepting it. It gives way where that card is gone, and to an alarm that
 * begins to wait while the selected one is in hand. */
export function selectionAfter(queue: readonly Card[], before: readonly Card[], selected: string | null, busy: boolean): string | null {
  const current = queue.find((card) => card.id === selected);
  if (!current) return queue[0]?.id ?? null;
  if (busy || isWaiting(current)) return current.id;
  const waited = new Set(before.filter(isWaiting).map((card) => card.id));
  return queue.find((card) => isWaiting(card) && !waited.has(card.id) && card.id !== selected)?.id ?? current.id;
}

/** The neighbour of the selected card, `step` places down; stays at the ends. */
export function moved(queue: readonly Card[], selected: string | null, step: number): string | null {
  const at = queue.findIndex((card) => card.id === selected);
  const next = at < 0 ? 0 : Math.min(queue.length - 1, Math.max(0, at + step));
  return queue[next]?.id ?? null;
}
