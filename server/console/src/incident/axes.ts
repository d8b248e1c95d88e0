import type { Card, GivenAnswer, Responder } from "../api/types";
import { isWaiting } from "./order";

/** One stair of an axis. `reached`: it is so; `words`: key of the text beside it. */
export interface Stair {
  key: string;
  reached: boolean;
}

/** The machines' side: pressed, stored at the county, lamps lit at the house and its neighbours. Only what is proven is reached. */
export function machineStairs(card: Card): Stair[] {
  return [
    { key: "pressed", reached: true },
    { key: "received", reached: true }, // the county shows only what it has committed
    { key: "lit", reached: card.lit > 0 },
  ];
}

const PEOPLE = ["accepted", "coming", "arrived"] as const;

/** The people's side. A closed one keeps the stairs that somebody really stood on. */
export function peopleStairs(card: Card): Stair[] {
  const stood = new Set<string>(card.responders.map((one) => one.answer));
  const height = card.answer === "closed" ? -1 : PEOPLE.indexOf(card.answer as (typeof PEOPLE)[number]);
  return PEOPLE.map((key, at) => ({ key, reached: at <= height || (card.answer === "closed" && stood.has(key)) }));
}

/** What may be said next, in the order in which it is usually said. */
export function nextAnswers(card: Card): GivenAnswer[] {
  if (card.answer === "closed") return [];
  const accept: GivenAnswer[] = isWaiting(card) ? ["accepted"] : [];
  const withdraw: GivenAnswer[] = standing(card).length ? ["withdrawn"] : [];
  return [...accept, "coming", "arrived", ...withdraw, "closed"];
}

/** Answers of people who are not counted on, or not any more. */
export const GONE: readonly Responder["answer"][] = ["withdrawn", "cannot", "late"];

/** Who has answered and is still counted on. */
export function standing(card: Card): Responder[] {
  return card.responders.filter((one) => !GONE.includes(one.answer));
}

const MUST_BE_SEEN: readonly string[] = ["panic", "fire", "slope", "silent"];

/** Some end only when somebody stood there or spoke to them; the server holds the same rule. */
export function closeNeedsProof(card: Card): boolean {
  return MUST_BE_SEEN.includes(card.what);
}
