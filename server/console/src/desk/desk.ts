import { computed, ref, shallowRef, watch } from "vue";

import { api } from "../api/client";
import { inWords } from "../api/problem";
import type { AnswerRequest, Card, GivenAnswer } from "../api/types";
import { queue, takeCard } from "../feed/run";
import { isWaiting } from "../incident/order";
import { HANDS_OFF_MS, moved, selectionAfter } from "../incident/selection";

/** What lies on the operator's desk: the selected alarm, the dialog in hand, the last error. */
export const selectedId = ref<string | null>(null);
export const selected = computed(() => queue.value.find((card) => card.id === selectedId.value) ?? null);

export interface Dialog {
  card: Card;
  answer: GivenAnswer;
}
export const dialog = shallowRef<Dialog | null>(null);
export const helpOpen = ref(false);
/** Ids whose answer is on its way to the server. */
export const sending = ref(new Set<string>());

export interface Problem {
  card: string;
  happened: string;
  todo: string;
}
export const problem = shallowRef<Problem | null>(null);

let choseItselfAt = 0;

watch(queue, (now, before) => {
  const next = selectionAfter(now, before, selectedId.value, dialog.value !== null);
  if (next === selectedId.value) return;
  if (selectedId.value !== null) choseItselfAt = Date.now();
  selectedId.value = next;
});

export function select(id: string): void {
  choseItselfAt = 0;
  selectedId.value = id;
  problem.value = null;
}

export function move(step: number): void {
  const next = moved(queue.value, selectedId.value, step);
  if (next) select(next);
}

/** Says `answer` about `card`: accepting at once, everything else after asking who and how. */
export function say(card: Card, answer: GivenAnswer): void {
  problem.value = null;
  if (answer === "accepted") void give(card, { answer, who: "", how: "", note: "" });
  else dialog.value = { card, answer };
}

/** The key press for the selected card; one that was meant for the card before it does nothing. Accepting where nothing
 * is left to accept leads to the next that waits: it is seen before it is accepted. */
export function sayBySelection(answer: GivenAnswer): void {
  const card = selected.value;
  if (!card || Date.now() - choseItselfAt < HANDS_OFF_MS) return;
  if (answer !== "accepted" || isWaiting(card)) return say(card, answer);
  const next = queue.value.find(isWaiting);
  if (next) select(next.id);
}

/** Sends an answer; true when the server has it. Errors end up in `problem`, in words. */
export async function give(card: Card, request: AnswerRequest): Promise<boolean> {
  if (sending.value.has(card.id)) return false;
  sending.value = new Set(sending.value).add(card.id);
  try {
    takeCard(await api.answer(card.id, request));
    return true;
  } catch (error) {
    problem.value = { card: card.id, ...inWords(error) };
    return false;
  } finally {
    const rest = new Set(sending.value);
    rest.delete(card.id);
    sending.value = rest;
  }
}
