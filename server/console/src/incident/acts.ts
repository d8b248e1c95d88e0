import type { Form } from "../api/ask";
import type { Card, GivenAnswer } from "../api/types";
import { nextAnswers } from "./axes";
import { isWaiting } from "./order";
import life from "./life.json";

/** What an operator does with an incident beside answering; which at which stage is the server's table, of which
 * life.json is a copy that a test holds to it. */
export type Act = Form["Doing"]["act"];
export type Doing = Partial<Form["Doing"]> & { act: Act };

const ORDER: Act[] = ["dispatch", "note", "handle", "feedback", "evaluate", "merge", "part", "earnest", "false", "reopen"];
export const STAGES: Record<Act | GivenAnswer | "hand_over" | "hand_taken" | "hand_declined" | "hand_ended", string[]> = life;

const ANSWERS: readonly string[] = ["accepted", "coming", "arrived", "withdrawn", "closed"];

export function isAnswer(one: Act | GivenAnswer): one is GivenAnswer {
  return ANSWERS.includes(one);
}

export function actsAt(card: Card): Act[] {
  return ORDER.filter((act) => STAGES[act].includes(card.stage) && (card.drill ? act !== "merge" : act !== "earnest"));
}

export function answersAt(card: Card): GivenAnswer[] {
  return nextAnswers(card).filter((answer) => STAGES[answer].includes(card.stage));
}

/** What is usually done next stands in front; the rest behind "more", where it is in nobody's way. */
export function inFront(card: Card): Act[] {
  const usual: Partial<Record<Card["stage"], Act[]>> = {
    arrived: ["handle", "note"],
    handled: ["feedback", "note"],
    feedback: ["evaluate", "note"],
    merged: ["part", "note"],
    closed: ["reopen", "note"],
    false: ["reopen", "note"],
  };
  const front = usual[card.stage] ?? (isWaiting(card) ? ["dispatch"] : ["dispatch", "note"]);
  return [...front, "earnest" as const].filter((act) => actsAt(card).includes(act));
}

/** Into which one it may be merged: open, following none itself; silent only with silent. The same kind first, then the
 * same village, then the newest. */
export function mergeable(card: Card, open: readonly Card[]): Card[] {
  const near = (other: Card) => Number(other.what !== card.what) * 2 + Number(other.path.slice(0, 3).join() !== card.path.slice(0, 3).join());
  return open
    .filter((other) => other.id !== card.id && !other.merged_into && !other.drill && other.answer !== "closed")
    .filter((other) => (other.what === "silent") === (card.what === "silent"))
    .sort((a, b) => near(a) - near(b) || Date.parse(b.opened_at) - Date.parse(a.opened_at));
}
