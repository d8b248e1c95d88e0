import { onUnmounted, ref, shallowRef, watch, type Ref } from "vue";

import { get } from "../api/ask";
import { inWords } from "../api/problem";
import type { Card } from "../api/types";
import { litDevices } from "./calls";
import type { Plan } from "./drawing";

const AGAIN_MS = 60_000;
const LIT_OF_MOST = 20; // calls of one village whose lamps are shown; in a flood they all are

/** What `fetch` brings for `of`, anew when that changes, and every `again` ms (0: not). What came for another is not shown. */
export function useOf<K, T>(of: () => K, fetch: (key: K) => Promise<T>, again = AGAIN_MS): { data: Ref<T | null>; failure: Ref<{ happened: string; todo: string } | null>; load: () => Promise<void> } {
  const data = shallowRef<T | null>(null);
  const failure = ref<{ happened: string; todo: string } | null>(null);
  async function load(): Promise<void> {
    const key = of();
    try {
      const found = await fetch(key);
      if (key !== of()) return;
      data.value = found;
      failure.value = null;
    } catch (error) {
      if (key === of()) failure.value = inWords(error);
    }
  }
  watch(of, () => {
    data.value = failure.value = null;
    void load();
  }, { immediate: true });
  const timer = again ? setInterval(() => document.visibilityState === "visible" && void load(), again) : undefined;
  onUnmounted(() => clearInterval(timer));
  return { data, failure, load };
}

/** Of each of these calls the devices that show it, asked for again when it is one more. */
export function useLit(cards: () => readonly Card[]): Ref<ReadonlyMap<string, readonly string[]>> {
  const lit = shallowRef<ReadonlyMap<string, readonly string[]>>(new Map());
  watch(() => cards().slice(0, LIT_OF_MOST).map((card) => [card.id, card.lit] as const), async (now) => {
    const found = await Promise.all(now.map(async ([id, many]) => {
      if (!many || lit.value.get(id)?.length === many) return [id, lit.value.get(id) ?? []] as const;
      const told = await get("/api/incidents/{id}", { id }).catch(() => null); // the plan is worth showing without
      return [id, told ? litDevices(told.timeline) : []] as const;
    }));
    lit.value = new Map(found);
  }, { immediate: true });
  return lit;
}

const KEPT_PLANS = 8;
const KEPT_MS = 600_000;
const plans = new Map<string, Promise<Plan>>();

/** The plan of the village in which a site lies; asked for once in ten minutes. Rejects where there is none for this person. */
export function planOfSite(site: string): Promise<Plan> {
  const known = plans.get(site);
  if (known) return known;
  const asked = get("/api/sites/{id}", { id: site }).then(({ path }) => get("/api/ground-plans/{village}", { village: path.find((one) => one.level === "village")!.id }));
  asked.catch(() => plans.delete(site));
  setTimeout(() => plans.delete(site), KEPT_MS); // it may be drawn anew
  plans.set(site, asked);
  if (plans.size > KEPT_PLANS) plans.delete(plans.keys().next().value!);
  return asked;
}
