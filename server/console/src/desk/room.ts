import type { Room } from "../rooms";

export const desk: Room = {
  name: "desk",
  words: { zh: "值守", en: "Watch" },
  pages: [
    { name: "queue", may: "incident.see", words: { zh: "警情", en: "Alarms" } },
    { name: "closed", may: "incident.past", words: { zh: "已办结", en: "Closed" }, view: () => import("./ClosedPage.vue") },
  ],
};
