import type { Card } from "../api/types";

/** A card for the tests: house `number`, pressed `agoS` seconds before 2026-05-01 12:00 UTC, nobody answered. */
export const NOON = Date.parse("2026-05-01T12:00:00Z");

/** An operator who stands by it. */
export const ACCEPTED = { answer: "accepted", aver: 1, who: "值班一号", responders: [{ name: "值班一号", answer: "accepted", at: "2026-05-01T11:59:00Z", by: "duty1" }] } satisfies Partial<Card>;

export function card(number: number, changed: Partial<Card> = {}, agoS = 10): Card {
  const at = new Date(NOON - agoS * 1000).toISOString();
  return {
    id: `lamp${number}-0000000000000001`,
    what: "panic",
    site: { id: `s${number}`, name: `三组 ${number}号`, address: "", landmark: "" },
    path: ["庆丰县", "柳河镇", "柳树湾村", "三组"],
    opened_at: at,
    observed_at: at,
    time_unknown: false,
    presses: 1,
    last_press_at: at,
    heard_age_ms: 4,
    answer: "none",
    aver: 0,
    who: "",
    unverified: false,
    cancelled: false,
    lit: 0,
    lit_of: 3,
    responders: [],
    closed_at: null,
    closed_by: "",
    closed_how: "",
    stage: "reported",
    verdict: "",
    merged_into: "",
    after: {},
    drill: false,
    handed_over: false,
    handovers: [],
    ...changed,
  };
}
