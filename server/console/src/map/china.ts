import gcoord from "gcoord";

import type { LonLat } from "./place";

/** Coordinates at China's edge. What is kept is WGS-84; maps that are published in China, and what telephones there give to
 * their pages, are shifted (GCJ-02) by some hundred metres. Outside of China both are the same. */
export function toGcj02(point: LonLat): LonLat {
  return gcoord.transform([...point], gcoord.WGS84, gcoord.GCJ02) as LonLat;
}

export function fromGcj02(point: LonLat): LonLat {
  return gcoord.transform([...point], gcoord.GCJ02, gcoord.WGS84) as LonLat;
}

/** Ways into outside apps that lead there. They are told a point, and not whose house it is. */
export function guides([lon, lat]: LonLat): { name: "amap" | "tencent" | "device"; href: string }[] {
  const [east, north] = toGcj02([lon, lat]).map((degrees) => degrees.toFixed(6));
  return [
    { name: "amap", href: `https://uri.amap.com/marker?position=${east},${north}&coordinate=gaode&callnative=1` },
    { name: "tencent", href: `https://apis.map.qq.com/uri/v1/marker?marker=coord:${north},${east}` },
    { name: "device", href: `geo:${lat.toFixed(6)},${lon.toFixed(6)}` },
  ];
}
