import "../styles/tokens.css";
import "../phone/phone.css";

import { createApp } from "vue";

import { theme, useTheme } from "../theme";
import { startClock } from "../time/clock";
import { lang, useLanguage } from "../words/lang";
import HouseApp from "./HouseApp.vue";

useLanguage(lang.value);
useTheme(theme.value);
startClock();
createApp(HouseApp).mount("#app");
