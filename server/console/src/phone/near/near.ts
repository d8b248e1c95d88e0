/** What a person on the way sees of the calls near by, and what the next tap is. Pure. */
import type { Card } from "../../api/types";
import type { Waiting } from "../queue/model";

export type Mine = "none" | "asked" | "coming" | "arrived" | "handled" | "out";
export type Tap = "coming" | "arrived" | "handled" | "cannot" | "withdrawn";

/** Where this person stands with it, what waits on the phone counted as said; `queued`: that it only waits. */
export function standing(card: Card, display: string, waiting: readonly Waiting[]): { mine: Mine; queued: boolean } {
  const last = waiting.filter((one) => one.about === card.id && one.timed && !one.why).slice(-1)[0];
  if (last) return { mine: ofTap(last.act as Tap), queued: true };
  const own = card.responders.filter((one) => one.name === display).slice(-1)[0];
  if (["handled", "feedback", "evaluated"].indexOf(card.stage) >= 0) return { mine: own ? "handled" : "none", queued: false };
  if (!own) return { mine: "none", queued: false };
  if (own.answer === "coming" || own.answer === "arrived") return { mine: own.answer, queued: false };
  if (own.answer === "asked" || own.answer === "taken") return { mine: "asked", queued: false };
  return { mine: own.answer === "cannot" || own.answer === "withdrawn" ? "out" : "none", queued: false };
}

function ofTap(tap: Tap): Mine {
  return tap === "cannot" || tap === "withdrawn" ? "out" : tap;
}

/** The taps that are offered, the first as the large one. */
export function taps(mine: Mine, card: Card): Tap[] {
  if (card.closed_at !== null || mine === "handled" || ["handled", "feedback", "evaluated"].indexOf(card.stage) >= 0) return [];
  if (mine === "coming") return ["arrived", "withdrawn"];
  if (mine === "arrived") return ["handled"];
  if (mine === "out") return ["coming"];
  return ["coming", "cannot"];
}

/** Mine first, then what nobody goes to, then the newest. */
export function nearOrder(cards: readonly Card[], display: string, waiting: readonly Waiting[]): Card[] {
  const rank = (card: Card): number => {
    const { mine } = standing(card, display, waiting);
    if (mine === "coming" || mine === "arrived" || mine === "asked") return 0;
    return card.answer === "none" || card.answer === "unanswered" || card.answer === "accepted" ? 1 : 2;
  };
  return cards
    .filter((card) => card.closed_at === null)
    .sort((a, b) => rank(a) - rank(b) || Date.parse(b.last_press_at) - Date.parse(a.last_press_at) || (a.id < b.id ? -1 : 1));
}

/** Whom one telephones for what. Nobody telephones to a house that called silently. */
export function emergencyNumbers(what: Card["what"]): string[] {
  if (what === "fire" || what === "gas") return ["119", "120"];
  if (what === "panic") return ["120", "110"];
  return what === "silent" ? ["110"] : ["119", "110"];
}
