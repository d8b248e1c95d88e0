import type { Room } from "../rooms";

export const map: Room = {
  name: "map",
  words: { zh: "地图", en: "Map" },
  pages: [
    { name: "map", may: "area.see", words: { zh: "地图", en: "Map" }, view: () => import("./MapPage.vue") },
    { name: "plan", may: "area.change", words: { zh: "画平面图", en: "Draw a plan" }, inner: true, view: () => import("./PlanPage.vue") },
  ],
};
