import { computed, type ComputedRef } from "vue";

import { lang } from "./lang";

/** A room's texts in the language of the moment. English has the shape of the Chinese, or it does not compile. */
export function spoken<T>(zh: T, en: NoInfer<T>): ComputedRef<T> {
  return computed(() => (lang.value === "zh" ? zh : en));
}

/** Of a sentence that the county says in both languages at once, 中文 · English, the one of the moment. */
export function oneOf(both: string): string {
  const parts = both.split(" · ");
  return parts.length === 2 ? parts[lang.value === "zh" ? 0 : 1]! : both;
}
