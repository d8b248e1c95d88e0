import { computed, type ComputedRef } from "vue";

import { lang } from "./lang";

/** A room's texts in the language of the moment. English has the shape of the Chinese, or it does not compile. */
export function spoken<T>(zh: T, en: NoInfer<T>): ComputedRef<T> {
  return computed(() => (lang.value === "zh" ? zh : en));
}
