import type { Card } from "../api/types";
import { isWaiting } from "./order";

/** How long after the screen chose a card by itself a key press still belongs to the card before it. */
export const HANDS_OFF_MS = 700;

/** Which card is selected after the queue changed. `busy`: the operator is writing or has a dialog open.
 *
 * The operator's choice stays, unless that card is gone, or is in hand already while another one waits. */
export function selectionAfter(queue: Card[], selected: string | null, busy: boolean): string | null {
  const current = queue.find((card) => card.id === selected);
  const first = queue[0];
  if (!current) return first?.id ?? null;
  if (!busy && first && isWaiting(first) && !isWaiting(current)) return first.id;
  return current.id;
}

/** The neighbour of the selected card, `step` places down; stays at the ends. */
export function moved(queue: Card[], selected: string | null, step: number): string | null {
  const at = queue.findIndex((card) => card.id === selected);
  const next = at < 0 ? 0 : Math.min(queue.length - 1, Math.max(0, at + step));
  return queue[next]?.id ?? null;
}
