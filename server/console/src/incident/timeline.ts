import { ref, shallowRef, watch, type Ref } from "vue";

import { api } from "../api/client";
import type { Card, TimelineEntry } from "../api/types";
import { passedOn } from "../feed/run";
import { inWords } from "../api/problem";

/** The selected incident's timeline, fetched again whenever its card changes. What is shown stays until the next is here. */
export function useTimeline(card: Ref<Card>) {
  const entries = shallowRef<TimelineEntry[] | null>(null);
  const failure = ref<{ happened: string; todo: string } | null>(null);
  let asked = 0;

  async function load(): Promise<void> {
    const mine = ++asked;
    try {
      const detail = await api.incident(card.value.id);
      if (mine !== asked) return;
      entries.value = detail.timeline;
      failure.value = null;
    } catch (error) {
      if (mine === asked) failure.value = inWords(error);
    }
  }

  watch(
    card,
    (next, before) => {
      if (next.id !== before?.id) entries.value = failure.value = null;
      void load();
    },
    { immediate: true },
  );
  // A line that changes no card.
  watch(() => passedOn.value.get(card.value.id)?.at, (at) => at && void load());
  return { entries, failure, load };
}
