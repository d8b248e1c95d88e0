import type { Form } from "../api/ask";
import needs from "./needs.json";

/** What an act needs said with it: as the server's table has it (a test compares them). */
export type Need = "words" | "why" | "unit" | "until" | "what" | "photos" | "document" | "how" | "said";
export type MatterAct = Form["ActForm"]["act"];
export type OrderAct = Form["OrderStep"]["act"];

const LEAVES: readonly string[] = ["decline", "withdraw", "refuse", "cancel", "redo", "not_done", "return", "give_back"];
/** Which act leads on from each stage: it stands first and is the solid button. */
const ONWARD: readonly string[] = ["whistle", "report_in", "handle", "verify", "close", "grant", "reassign", "offer", "take", "done", "confirm"];

/** What is to be filled in; `proof` becomes what this kind of matter asks for. */
export function fields(act: string, proof: readonly string[] = [], of: "matter" | "order" = "matter"): Need[] {
  const list = (needs[of] as Record<string, string[]>)[act] ?? [];
  return list.flatMap((need): Need[] => (need === "proof" ? [...(photos(proof) ? (["photos"] as const) : []), ...(proof.includes("document") ? (["document"] as const) : [])] : [need as Need]));
}

/** How many photos a matter of this kind needs. */
export function photos(proof: readonly string[]): number {
  return proof.includes("before_after") ? 2 : proof.includes("photo") ? 1 : 0;
}

/** Whether to ask before it is done: what needs words asks anyway. */
export function asks(act: string, of: "matter" | "order" = "matter"): boolean {
  return fields(act, [], of).length > 0 || act === "withdraw" || act === "cancel" || act === "settle" || act === "handle";
}

/** What may be done, the way onward first, what leads away last; notes at the very end. */
export function inOrder<T extends string>(acts: readonly T[]): { act: T; solid: boolean }[] {
  const rank = (act: string) => (ONWARD.includes(act) ? 0 : act === "note" ? 3 : LEAVES.includes(act) ? 2 : 1);
  const sorted = [...acts].sort((a, b) => rank(a) - rank(b));
  return sorted.map((act, n) => ({ act, solid: n === 0 && rank(act) === 0 }));
}

/** Photos by their numbers, one a line or with commas between. */
export function listed(text: string): string[] {
  return text.split(/[\n,，;；]+/).map((one) => one.trim()).filter(Boolean);
}

/** How a limit stands: ms left, below 0 late. null: none runs. */
export function left(due: string | null, now: number): number | null {
  return due === null ? null : Date.parse(due) - now;
}

/** On time of those met, in words for a table: "12 / 15"; "" of none. */
export function share(part: number, of: number): string {
  return of ? `${part} / ${of}` : "";
}
