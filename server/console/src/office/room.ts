import type { Room } from "../rooms";

export const office: Room = {
  name: "office",
  words: { zh: "管理", en: "Office" },
  pages: [
    { name: "policies", may: "policy.see", words: { zh: "升级策略", en: "Escalation" }, view: () => import("./PoliciesPage.vue") },
    { name: "people", may: "person.see", words: { zh: "人员", en: "People" }, view: () => import("./PeoplePage.vue") },
    { name: "rosters", may: "roster.see", words: { zh: "值班表", en: "Rosters" }, view: () => import("./RostersPage.vue") },
    { name: "areas", may: "area.see", words: { zh: "区域", en: "Areas" }, view: () => import("./AreasPage.vue") },
    { name: "tables", may: "area.change", words: { zh: "导入表格", en: "Take in a table" }, inner: true, view: () => import("./TablesPage.vue") },
    { name: "cards", may: "figures.see", words: { zh: "流量卡", en: "SIM cards" }, view: () => import("./CardsPage.vue") },
    { name: "channels", may: "channel.see", words: { zh: "通知渠道", en: "Channels" }, view: () => import("./ChannelsPage.vue") },
    { name: "retention", may: "figures.see", words: { zh: "保存期限", en: "Retention" }, view: () => import("./KeptPage.vue") },
    { name: "audit", may: "audit.read", words: { zh: "审计日志", en: "Audit log" }, view: () => import("./AuditPage.vue") },
  ],
};
