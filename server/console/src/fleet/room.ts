import type { Room } from "../rooms";

export const fleet: Room = {
  name: "fleet",
  words: { zh: "设备", en: "Devices" },
  pages: [
    { name: "devices", may: "device.see", words: { zh: "住户与设备", en: "Houses and devices" }, view: () => import("./DevicesPage.vue") },
    { name: "fleet", may: "device.see", words: { zh: "今日要办", en: "To do today" }, view: () => import("./FleetPage.vue") },
    { name: "device", may: "device.see", words: { zh: "设备", en: "Device" }, inner: true, view: () => import("./DevicePage.vue") },
    { name: "installing", may: "device.change", words: { zh: "安装", en: "Installing" }, view: () => import("./InstallPage.vue") },
    { name: "rollouts", may: "device.see", words: { zh: "分批升级", en: "Staged updates" }, view: () => import("./RolloutsPage.vue") },
    { name: "faults", may: "device.see", words: { zh: "报修", en: "Faults" }, view: () => import("./FaultsPage.vue") },
    { name: "quarantine", may: "quarantine.see", words: { zh: "隔离区", en: "Quarantine" }, view: () => import("./QuarantinePage.vue") },
  ],
};
