import type { Room } from "../rooms";

export const matter: Room = {
  name: "matter",
  words: { zh: "事项", en: "Matters" },
  pages: [
    { name: "matters", may: "matter.see", words: { zh: "事项", en: "Matters" }, view: () => import("./MattersPage.vue") },
    { name: "report", may: "matter.answer", words: { zh: "上报事项", en: "Raise a matter" }, inner: true, view: () => import("./ReportPage.vue") },
    { name: "orders", may: "order.see", words: { zh: "志愿服务", en: "Volunteers" }, view: () => import("./OrdersPage.vue") },
    { name: "catalogue", may: "matter.see", words: { zh: "目录", en: "Catalogue" }, view: () => import("./CataloguePage.vue") },
    { name: "matter-counts", may: "matter.see", words: { zh: "统计", en: "Counts" }, view: () => import("./CountsPage.vue") },
  ],
};
