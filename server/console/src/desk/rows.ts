import type { Card, What } from "../api/types";
import { isWaiting } from "../incident/order";

/** The watch list's rows, headings among the cards: by urgency, or in a flood of alarms by village. Pure. */
export type Row =
  | { key: string; kind: "heading"; heading: "waiting" | "inHand"; count: number }
  | { key: string; kind: "village"; village: Village; folded: boolean }
  | { key: string; kind: "card"; card: Card };

export interface Village {
  /** Its path down to the village, joined: two villages may have one name. */
  id: string;
  name: string;
  township: string;
  cards: Card[];
  waiting: number;
  /** How many there are of each kind, the most frequent first. */
  kinds: [What, number][];
}

export const FLOOD_COUNT = 10;
export const FLOOD_MS = 10 * 60_000;
const VILLAGE_AT = 2; // in a path: county, township, village, group

/** Whether so many began within minutes that they are shown by village. */
export function isFlood(queue: readonly Card[], now: number): boolean {
  let fresh = 0;
  for (const card of queue) if (now - Date.parse(card.opened_at) <= FLOOD_MS && (fresh += 1) >= FLOOD_COUNT) return true;
  return false;
}

export function byUrgency(queue: readonly Card[], waiting: number): Row[] {
  const rows: Row[] = [];
  if (waiting) rows.push({ key: "waiting", kind: "heading", heading: "waiting", count: waiting });
  queue.forEach((card, at) => {
    if (at === waiting) rows.push({ key: "inHand", kind: "heading", heading: "inHand", count: queue.length - waiting });
    rows.push({ key: card.id, kind: "card", card });
  });
  return rows;
}

/** Who asks for help or burns and has no answer yet is seen, whatever somebody folded away. */
export function neverHidden(card: Card): boolean {
  return isWaiting(card) && (card.what === "panic" || card.what === "fire" || card.what === "silent");
}

/** `queue` in its order; the village with the most urgent card first. */
export function villagesOf(queue: readonly Card[]): Village[] {
  const found = new Map<string, Village>();
  for (const card of queue) {
    const id = card.path.slice(0, VILLAGE_AT + 1).join(" › ");
    let village = found.get(id);
    if (!village) found.set(id, (village = { id, name: card.path[VILLAGE_AT] ?? card.site.name, township: card.path[VILLAGE_AT - 1] ?? "", cards: [], waiting: 0, kinds: [] }));
    village.cards.push(card);
    village.waiting += Number(isWaiting(card));
  }
  for (const village of found.values()) {
    const counts = new Map<What, number>();
    for (const { what } of village.cards) counts.set(what, (counts.get(what) ?? 0) + 1);
    village.kinds = [...counts].sort((a, b) => b[1] - a[1]);
  }
  return [...found.values()];
}

export function byVillage(villages: readonly Village[], folded: ReadonlySet<string>): Row[] {
  return villages.flatMap((village): Row[] => {
    const shut = folded.has(village.id);
    const shown = shut ? village.cards.filter(neverHidden) : village.cards;
    return [{ key: `village ${village.id}`, kind: "village", village, folded: shut }, ...shown.map((card): Row => ({ key: card.id, kind: "card", card }))];
  });
}
