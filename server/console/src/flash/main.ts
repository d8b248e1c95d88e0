import { createApp } from "vue";

import { theme, useTheme } from "../theme";
import { lang, useLanguage } from "../words";
import FlashApp from "./FlashApp.vue";
import "../styles/tokens.css";
import "../styles/base.css";

useTheme(theme.value);
useLanguage(lang.value);
createApp(FlashApp).mount("#app");
