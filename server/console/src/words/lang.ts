import { ref } from "vue";

import type { Lang } from "../time/words";

const KEPT = "heartlamp.lang";

/** Chinese first; English where it was chosen here before. */
export const lang = ref<Lang>(localStorage.getItem(KEPT) === "en" ? "en" : "zh");

export function useLanguage(next: Lang): void {
  lang.value = next;
  localStorage.setItem(KEPT, next);
  document.documentElement.lang = next === "zh" ? "zh-CN" : "en";
}
