import { computed } from "vue";

import { en } from "./en";
import { lang } from "./lang";
import { zh } from "./zh";

export { lang, useLanguage } from "./lang";

export const words = computed(() => (lang.value === "zh" ? zh : en));
