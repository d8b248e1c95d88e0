import "../styles/tokens.css";
import "./phone.css";

import { createApp } from "vue";

import { startClock } from "../time/clock";
import { theme, useTheme } from "../theme";
import { lang, useLanguage } from "../words/lang";
import PhoneApp from "./PhoneApp.vue";
import { startQueue } from "./queue/run";
import { whoAmI } from "./session";

useLanguage(lang.value);
useTheme(theme.value);
startClock();
createApp(PhoneApp).mount("#app");
void whoAmI().then(startQueue);
if ("serviceWorker" in navigator) {
  // The page works without it: some browsers have none, and it needs a certificate that the phone trusts.
  navigator.serviceWorker.register("/m/worker.js", { scope: "/m/" }).catch(() => undefined);
}
