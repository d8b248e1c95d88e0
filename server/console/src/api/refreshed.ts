import { onUnmounted, ref, shallowRef, type Ref } from "vue";

import { inWords } from "../api/problem";

const EVERY_MS = 5000;

/** What `fetch` brings, again every 5 s (or `every` ms) while the page is seen. The last good answer stays while a later one fails. */
export function useRefreshed<T>(fetch: () => Promise<T>, every = EVERY_MS): { data: Ref<T | null>; failure: Ref<{ happened: string; todo: string } | null>; load: () => Promise<void> } {
  const data = shallowRef<T | null>(null);
  const failure = ref<{ happened: string; todo: string } | null>(null);
  async function load(): Promise<void> {
    try {
      data.value = await fetch();
      failure.value = null;
    } catch (error) {
      failure.value = inWords(error);
    }
  }
  void load();
  const timer = setInterval(() => document.visibilityState === "visible" && void load(), every);
  onUnmounted(() => clearInterval(timer));
  return { data, failure, load };
}
