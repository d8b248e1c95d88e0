import type { Room } from "../rooms";

export const figures: Room = {
  name: "figures",
  words: { zh: "统计", en: "Figures" },
  pages: [
    { name: "figures", may: "figures.see", words: { zh: "概览", en: "Overview" }, view: () => import("./FiguresPage.vue") },
    { name: "month", may: "figures.see", words: { zh: "月报", en: "Month's report" }, view: () => import("./MonthPage.vue") },
    { name: "brief", may: "figures.see", words: { zh: "每日一报", en: "Daily brief" }, view: () => import("./BriefPage.vue") },
  ],
};
