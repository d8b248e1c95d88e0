import type { Card } from "../api/types";

/** True when `next` tells something newer than `had`. The feed and an answer's reply may overtake each other. */
export function isNewer(had: Card | undefined, next: Card): boolean {
  if (!had || next.aver > had.aver) return true;
  if (next.aver < had.aver) return false;
  return next.presses >= had.presses; // lamps may go dark again, so `lit` orders nothing
}

export interface Split {
  open: Card[];
  closed: Card[];
}

/** The lists with one card put in its place; never a card twice, never an older word over a newer one. */
export function withCard(lists: Split, card: Card): Split {
  const had = [...lists.open, ...lists.closed].find((one) => one.id === card.id);
  if (!isNewer(had, card)) return lists;
  const rest = {
    open: lists.open.filter((one) => one.id !== card.id),
    closed: lists.closed.filter((one) => one.id !== card.id),
  };
  if (card.answer === "closed") rest.closed.unshift(card);
  else rest.open.unshift(card);
  return rest;
}
