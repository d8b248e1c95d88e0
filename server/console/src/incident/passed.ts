import type { Card, Me, Passed } from "../api/types";
import { isWaiting } from "./order";

const STAFFING: readonly string[] = ["operator", "commander"];

const KEPT = 2000;

/** The last time of each stands, whoever says it first: what a page of the list says may be older than the feed. */
export function withPassed(known: ReadonlyMap<string, Passed>, told: readonly Passed[]): ReadonlyMap<string, Passed> {
  const all = new Map(known);
  for (const one of told) {
    const before = all.get(one.id);
    if (before && Date.parse(before.at) > Date.parse(one.at)) continue;
    all.delete(one.id); // what was said last is dropped last
    all.set(one.id, one);
  }
  return all.size > KEPT ? new Map([...all].slice(-KEPT)) : all;
}

/** Alarms that still wait and were passed on to a post of this person: theirs to take. The first stands on top. `queue`:
 * in its order. */
export function passedToMe(me: Pick<Me, "roles"> | null | undefined, passed: ReadonlyMap<string, Passed>, queue: readonly Card[]): { card: Card; passed: Passed }[] {
  if (!me || !passed.size) return [];
  const posts = new Set(me.roles.filter((one) => STAFFING.includes(one.role)).map((one) => one.area ?? null));
  const found = [];
  for (const card of queue) {
    if (!isWaiting(card)) break; // what waits stands in front
    const one = passed.get(card.id);
    if (one && posts.has(one.area)) found.push({ card, passed: one });
  }
  return found;
}
