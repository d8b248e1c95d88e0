import type { Device, DeviceSite } from "../api/types";
import { natural } from "../words/natural";

/** What a technician must look at. `online` null: it never said, which is no fault of its own. */
export function isAbnormal(device: Device): boolean {
  return !device.revoked && (device.overdue || device.online === false);
}

export interface Village {
  name: string;
  sites: DeviceSite[];
}

/** Sites under the village (or nearest area above it) they lie in, abnormal ones first, then by name as people count. */
export function byVillage(sites: DeviceSite[], onlyAbnormal: boolean): Village[] {
  const villages = new Map<string, DeviceSite[]>();
  for (const site of sites) {
    const devices = onlyAbnormal ? site.devices.filter(isAbnormal) : site.devices;
    if (!devices.length) continue;
    const name = site.path.slice(0, 3).join(" › ");
    villages.set(name, [...(villages.get(name) ?? []), { ...site, devices }]);
  }
  const worst = (site: DeviceSite) => Number(site.devices.some(isAbnormal));
  return [...villages].map(([name, list]) => ({
    name,
    sites: list.sort((a, b) => worst(b) - worst(a) || natural(a.name, b.name)),
  }));
}
