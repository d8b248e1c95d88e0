import { onUnmounted, ref, shallowRef, type Ref } from "vue";

import { inWords } from "../api/problem";

const EVERY_MS = 5000;

/** What `fetch` brings, again every 5 s (or `every` ms) while the page is seen. The last good answer stays while a later one fails. */
export function useRefreshed<T>(fetch: () => Promise<T>, every = EVERY_MS): { data: Ref<T | null>; failure: Ref<{ happened: string; todo: string } | null>; load: () => Promise<void> } {
  const data = shallowRef<T | null>(null);
  const failure = ref<{ happened: string; todo: string } | null>(null);
  let [asked, answered] = [0, 0]; // an answer that comes late never takes the place of a later question's
  async function load(): Promise<void> {
    const mine = ++asked;
    const [good, bad] = await fetch().then((got) => [got, null] as const, (error) => [null, inWords(error)] as const);
    if (mine < answered) return;
    answered = mine;
    failure.value = bad;
    if (!bad) data.value = good;
  }
  void load();
  const timer = setInterval(() => document.visibilityState === "visible" && void load(), every);
  onUnmounted(() => clearInterval(timer));
  return { data, failure, load };
}
