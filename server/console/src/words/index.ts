import { computed, ref } from "vue";

import type { Lang } from "../time/words";
import { en } from "./en";
import { zh } from "./zh";

const KEPT = "heartlamp.lang";

/** Chinese first; English where it was chosen here before. */
export const lang = ref<Lang>(localStorage.getItem(KEPT) === "en" ? "en" : "zh");

export const words = computed(() => (lang.value === "zh" ? zh : en));

export function useLanguage(next: Lang): void {
  lang.value = next;
  localStorage.setItem(KEPT, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}
