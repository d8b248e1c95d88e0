import type { Card } from "../api/types";
import { closedOrder, reordered } from "./order";

/** So many closed ones are kept: a screen that is on for weeks does not grow. */
export const CLOSED_KEPT = 200;

/** True when `next` tells something newer than `had`. The feed and an answer's reply may overtake each other. */
export function isNewer(had: Card | undefined, next: Card): boolean {
  if (!had || next.aver > had.aver) return true;
  if (next.aver < had.aver) return false;
  return next.presses >= had.presses; // lamps may go dark again, so `lit` orders nothing
}

/** `open`: in the queue's order; `closed`: the last closed first. */
export interface Split {
  open: Card[];
  closed: Card[];
}

export const NONE: Split = { open: [], closed: [] };

/** The lists with these cards put in their places, in the order in which they came; never a card twice, never an older
 * word over a newer one. The same object, where nothing is newer. */
export function withCards(lists: Split, cards: readonly Card[]): Split {
  const had = new Map<string, Card>();
  for (const card of lists.open) had.set(card.id, card);
  for (const card of lists.closed) had.set(card.id, card);
  const fresh = new Map<string, Card>();
  for (const card of cards) if (isNewer(fresh.get(card.id) ?? had.get(card.id), card)) fresh.set(card.id, card);
  if (!fresh.size) return lists;
  const gone = new Set(fresh.keys());
  const news = [...fresh.values()];
  const ended = news.filter((card) => card.answer === "closed");
  const touched = ended.length || lists.closed.some((card) => gone.has(card.id));
  return {
    open: reordered(lists.open, gone, news.filter((card) => card.answer !== "closed")),
    closed: touched ? closedOrder([...lists.closed.filter((card) => !gone.has(card.id)), ...ended]).slice(0, CLOSED_KEPT) : lists.closed,
  };
}

export function withCard(lists: Split, card: Card): Split {
  return withCards(lists, [card]);
}
