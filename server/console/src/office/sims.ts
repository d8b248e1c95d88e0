/** What is wrong with a SIM card. Pure; days are "2026-11-23". */
import type { Form } from "../api/ask";

export type Card = Form["CardView"];
export type Trouble = { kind: "expired" | "empty" | "old" } | { kind: "soon"; days: number };
const SOON_DAYS = 30;
const OLD_DAYS = 60;
const DAY = 86_400_000;
/** What is left for less than a month of what it cost last is low; of a card without months, ten yuan. */
const LOW_FEN = 1000;

export function trouble(card: Card, today: string): Trouble | null {
  if (card.ended_on && card.ended_on <= today) return null;
  if (card.expires_on) {
    const days = Math.round((Date.parse(card.expires_on) - Date.parse(today)) / DAY);
    if (days < 0) return { kind: "expired" };
    if (days <= SOON_DAYS) return { kind: "soon", days };
  }
  if (card.balance_fen != null && card.balance_fen < (card.months[0]?.cost_fen ?? LOW_FEN)) return { kind: "empty" };
  if (card.balance_on && Date.parse(today) - Date.parse(card.balance_on) > OLD_DAYS * DAY) return { kind: "old" };
  return null;
}

/** "12.30" of fen; "" of none. */
export function yuan(fen: number | null | undefined): string {
  return fen == null ? "" : (fen / 100).toFixed(2);
}

/** Fen of what somebody typed in yuan; null of nothing. */
export function fen(typed: string | number): number | null {
  const text = String(typed).trim();
  return text === "" || Number.isNaN(Number(text)) ? null : Math.round(Number(text) * 100);
}
