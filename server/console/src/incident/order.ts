import type { Card, What } from "../api/types";

/** Lower is more urgent. Whatever can kill within minutes comes first; among equals nobody is ranked by a guess. */
export const URGENCY: Record<What, number> = { fire: 0, panic: 0, gas: 0, slope: 0, silent: 0, flood: 1 };

export function urgency(what: What): number {
  return URGENCY[what] ?? 0; // a kind this page does not know is urgent until somebody says otherwise
}

/** True until an operator stands by it. A neighbour on the way does not end the ringing at the command centre: somebody
 * here must have taken it in. Nor does a household's cancel. */
export function isWaiting(card: Card): boolean {
  return rank(card).waits;
}

/** What the order goes by, reckoned once for each card: ten thousand are compared often. */
interface Rank {
  waits: boolean;
  urgency: number;
  pressed: number;
}
const ranks = new WeakMap<Card, Rank>();

function rank(card: Card): Rank {
  let known = ranks.get(card);
  if (!known) ranks.set(card, (known = { waits: waits(card), urgency: urgency(card.what), pressed: Date.parse(card.last_press_at) }));
  return known;
}

function waits(card: Card): boolean {
  if (card.answer === "closed" || card.merged_into) return false; // one that follows another rings with that one
  return !card.responders.some((one) => one.by && !["withdrawn", "cannot", "late"].includes(one.answer));
}

/** The queue's order: what waits for an answer before what is in hand, then urgency, then the newest press. */
export function before(a: Card, b: Card): number {
  const x = rank(a);
  const y = rank(b);
  return Number(y.waits) - Number(x.waits) || x.urgency - y.urgency || y.pressed - x.pressed || (a.id < b.id ? -1 : 1);
}

export function inOrder(cards: Iterable<Card>): Card[] {
  return [...cards].sort(before);
}

/** The same, of a list in order from which some are left out and to which others are added. */
export function reordered(ordered: readonly Card[], gone: ReadonlySet<string>, added: readonly Card[]): Card[] {
  const fresh = inOrder(added);
  const merged: Card[] = [];
  let next = 0;
  for (const card of ordered) {
    if (gone.has(card.id)) continue;
    while (next < fresh.length && before(fresh[next]!, card) < 0) merged.push(fresh[next++]!);
    merged.push(card);
  }
  return merged.concat(fresh.slice(next));
}

/** How many stand in front of the first that is in hand. */
export function countWaiting(ordered: readonly Card[]): number {
  const at = ordered.findIndex((card) => !isWaiting(card));
  return at < 0 ? ordered.length : at;
}

/** Closed ones, the last closed first. */
export function closedOrder(cards: Iterable<Card>): Card[] {
  return [...cards].sort((a, b) => (b.closed_at ?? "").localeCompare(a.closed_at ?? "") || (a.id < b.id ? -1 : 1));
}
