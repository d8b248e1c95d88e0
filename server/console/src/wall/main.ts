import { createApp } from "vue";

import { lang, useLanguage } from "../words";
import WallApp from "./WallApp.vue";
import "../styles/tokens.css";
import "../styles/base.css";

useLanguage(lang.value);
// Dark, unless this very screen was told otherwise: it hangs in a room where people work at night.
if (localStorage.getItem("heartlamp.theme") === "light") document.documentElement.dataset.theme = "light";
createApp(WallApp).mount("#app");
