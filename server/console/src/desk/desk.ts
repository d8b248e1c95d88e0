import { computed, ref, shallowRef, watch } from "vue";

import { post, type Form } from "../api/ask";
import { api } from "../api/client";
import { inWords } from "../api/problem";
import type { AnswerRequest, Card, GivenAnswer } from "../api/types";
import { closed, queue, takeCard } from "../feed/run";
import { actsAt, answersAt, type Act, type Doing } from "../incident/acts";
import { firstService, handActs, SERVICES, type Service } from "../incident/handing";
import { isWaiting } from "../incident/order";
import { me } from "../session";
import { HANDS_OFF_MS, moved, selectionAfter } from "../incident/selection";

/** What lies on the operator's desk: the selected alarm, the dialog in hand, the last error. */
export const selectedId = ref<string | null>(null);
export const selected = computed(() => queue.value.find((card) => card.id === selectedId.value) ?? null);

export interface Dialog {
  card: Card;
  answer: GivenAnswer;
}
export const dialog = shallowRef<Dialog | null>(null);
/** An act beside answering that waits for what it needs. */
export interface Acting {
  card: Card;
  act: Act;
  whom: string;
}
export const acting = shallowRef<Acting | null>(null);
/** A hand-over that is being made. */
export const handingOver = shallowRef<{ card: Card; service: Service } | null>(null);
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
  const next = selectionAfter(now, before, selectedId.value, dialog.value !== null || acting.value !== null || handingOver.value !== null);
  if (next === selectedId.value) return;
  if (selectedId.value !== null) choseItselfAt = Date.now();
  selectedId.value = next;
});

export function select(id: string): void {
  choseItselfAt = 0;
  selectedId.value = id;
  problem.value = null;
}

/** Selects the neighbour in the order of the list, and has the list focus it: Enter opens it, a screen reader says it. */
export function move(step: number): void {
  const next = moved(ordered.value, selectedId.value, step);
  if (!next) return;
  select(next);
  focusWanted.value = next;
}

/** The cards in the order in which the list shows them, those that are folded away left out. */
export const ordered = shallowRef<readonly Card[]>([]);
/** The id of the card that is to have the focus once it is there. */
export const focusWanted = ref<string | null>(null);

/** Opens the dialog of an act; nothing where the stage does not know it. */
export function act(card: Card, which: Act, whom = ""): void {
  if (!actsAt(card).includes(which)) return;
  problem.value = null;
  acting.value = { card, act: which, whom };
}

/** The card as it is now, while a dialog about it is open. */
export function cardNow(card: Card): Card {
  const same = (one: Card) => one.id === card.id;
  return queue.value.find(same) ?? closed.value.find(same) ?? card;
}

/** Whether there is anything to hand over, or to note of what was. */
export function mayHand(card: Card): boolean {
  const may = me.value?.may ?? [];
  return may.includes("incident.handover") && SERVICES.some((one) => handActs(card, one, may.includes("incident.answer_for")).length);
}

/** Opens the hand-over to 110, 119, 120. */
export function handOver(card: Card, service?: Service): void {
  if (!mayHand(card)) return;
  problem.value = null;
  handingOver.value = { card, service: service ?? firstService(card, me.value?.may.includes("incident.answer_for") ?? false) };
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
  if (answer !== "accepted" && !answersAt(card).includes(answer)) return;
  if (answer !== "accepted" || isWaiting(card)) return say(card, answer);
  const next = queue.value.find(isWaiting);
  if (next) select(next.id);
}

/** The same for an act. */
export function actBySelection(which: Act): void {
  const card = selected.value;
  if (card && Date.now() - choseItselfAt >= HANDS_OFF_MS) act(card, which);
}

export function handBySelection(): void {
  const card = selected.value;
  if (card && Date.now() - choseItselfAt >= HANDS_OFF_MS) handOver(card);
}

/** Notes a step of a hand-over; true when the server has it. */
export function sayHanded(card: Card, said: Form["Handing"]): Promise<boolean> {
  return sent(card, () => post("/api/incidents/{id}/handover", { id: card.id }, said));
}

/** Sends an answer; true when the server has it. Errors end up in `problem`, in words. */
export function give(card: Card, request: AnswerRequest): Promise<boolean> {
  return sent(card, () => api.answer(card.id, request));
}

/** Does an act; the same. */
export function doing(card: Card, what: Doing): Promise<boolean> {
  return sent(card, () => post("/api/incidents/{id}/do", { id: card.id }, what as Form["Doing"])); // the server fills in what is left out
}

async function sent(card: Card, send: () => Promise<Card>): Promise<boolean> {
  if (sending.value.has(card.id)) return false;
  sending.value = new Set(sending.value).add(card.id);
  try {
    takeCard(await send());
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
