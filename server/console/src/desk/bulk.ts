import { ref } from "vue";

import { api } from "../api/client";
import type { Card } from "../api/types";
import { takeCard } from "../feed/run";
import { isWaiting } from "../incident/order";

/** Accepting all of a village, a few at a time. Only accepting: nothing is ever closed in bulk. */
export interface Bulk {
  village: string;
  done: number;
  of: number;
  failed: number;
}
export const bulk = ref<Bulk | null>(null);
const AT_ONCE = 4;

export async function acceptAll(village: string, cards: readonly Card[]): Promise<void> {
  if (bulk.value && bulk.value.done + bulk.value.failed < bulk.value.of) return;
  const left = cards.filter(isWaiting);
  const state = (bulk.value = { village, done: 0, of: left.length, failed: 0 });
  const told = () => (bulk.value = { ...state });
  async function work(): Promise<void> {
    for (let card = left.pop(); card; card = left.pop()) {
      try {
        takeCard(await api.answer(card.id, { answer: "accepted", who: "", how: "", note: "" }));
        state.done += 1;
      } catch {
        state.failed += 1;
      }
      told();
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (!state.failed) bulk.value = null;
}
