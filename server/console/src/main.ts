import { createApp } from "vue";

import App from "./App.vue";
import { startRouting } from "./route";
import { theme, useTheme } from "./theme";
import { startClock } from "./time/clock";
import { lang, useLanguage } from "./words";
import "./styles/tokens.css";
import "./styles/base.css";

useTheme(theme.value);
useLanguage(lang.value);
startClock();
startRouting();
createApp(App).mount("#app");
