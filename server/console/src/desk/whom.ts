import { computed, onUnmounted, ref, shallowRef, watch, type Ref } from "vue";

import { get, type Form } from "../api/ask";
import type { Card } from "../api/types";

export type Callee = Form["CalleeView"];

/** Whom to call about the selected incident, and which of them is next: fetched anew when another one is selected or
 * somebody answers. */
export function useWhom(card: Ref<Card>) {
  const policy = ref<string | null>(null);
  const automatic = ref(true);
  const callees = shallowRef<Callee[] | null>(null);
  let asked = 0;

  async function load(): Promise<void> {
    const mine = ++asked;
    const found = await get("/api/incidents/{id}/whom", { id: card.value.id }).catch(() => null);
    if (mine !== asked) return;
    callees.value = found?.callees ?? callees.value ?? [];
    automatic.value = found?.automatic ?? true;
    policy.value = found?.policy ?? policy.value;
  }

  watch(
    () => `${card.value.id} ${card.value.aver}`,
    (_, before) => {
      if (!before?.startsWith(`${card.value.id} `)) callees.value = policy.value = null;
      void load();
    },
    { immediate: true },
  );
  onUnmounted(() => (asked = -1));
  const next = computed(() => nextCallee(card.value, callees.value ?? []));
  return { policy, automatic, callees, next };
}

/** The first who has a number and has not answered yet: they came, they cannot, or they did not come. */
export function nextCallee(card: Card, callees: readonly Callee[]): Callee | null {
  const said = new Set(card.responders.map((one) => one.name));
  return callees.find((one) => one.numbers.length && !said.has(one.name)) ?? null;
}

/** A number as it is read out: "138 0013 8000"; another country's keeps its code. */
export function numberWords(e164: string): string {
  const mobile = /^\+86(1\d{2})(\d{4})(\d{4})$/.exec(e164);
  return mobile ? mobile.slice(1).join(" ") : e164.replace(/^\+86/, "0");
}

/** What somebody of the list has said about this incident, "" nothing. */
export function saidBy(card: Card, name: string): Card["responders"][number]["answer"] | "" {
  return card.responders.find((one) => one.name === name)?.answer ?? "";
}
