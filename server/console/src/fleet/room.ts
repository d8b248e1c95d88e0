import type { Room } from "../rooms";

export const fleet: Room = {
  name: "fleet",
  words: { zh: "设备", en: "Devices" },
  pages: [
    { name: "devices", may: "device.see", words: { zh: "住户与设备", en: "Houses and devices" }, view: () => import("./DevicesPage.vue") },
    { name: "quarantine", may: "quarantine.see", words: { zh: "隔离区", en: "Quarantine" }, view: () => import("./QuarantinePage.vue") },
  ],
};
