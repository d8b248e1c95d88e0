import type { Room } from "../rooms";

export const desk: Room = {
  name: "desk",
  words: { zh: "值守", en: "Watch" },
  pages: [
    { name: "queue", may: "incident.see", words: { zh: "警情", en: "Alarms" } },
    { name: "shift", may: "shift", words: { zh: "交接班", en: "Shift" }, view: () => import("./ShiftPage.vue") },
    { name: "hotline", may: "hotline", words: { zh: "接听来电", en: "Calls" }, view: () => import("./HotlinePage.vue") },
    { name: "drills", may: "drill.announce", words: { zh: "演练", en: "Drills" }, view: () => import("./DrillsPage.vue") },
    { name: "broadcast", may: "broadcast", words: { zh: "广播", en: "Loudspeakers" }, view: () => import("./BroadcastPage.vue") },
    { name: "account", may: "self", words: { zh: "我的账号", en: "My account" }, view: () => import("./AccountPage.vue"), inner: true },
    { name: "closed", may: "incident.past", words: { zh: "已办结", en: "Closed" }, view: () => import("./ClosedPage.vue") },
  ],
};
