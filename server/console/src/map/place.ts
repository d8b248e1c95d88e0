/** Where things are. On earth: [longitude, latitude] in WGS-84 degrees. On a plan: metres, x to the east, y to the south. */
export type LonLat = [number, number];
export type Spot = { x: number; y: number };

/** A plan's corner in the north-west, and how many metres its degrees are: a village is small enough to be flat. */
export interface Frame {
  west: number;
  north: number;
  perLon: number;
  perLat: number;
  width: number;
  height: number;
}

const PER_DEGREE = 111_195; // metres: 6,371,000 m · π / 180
const LEAST = 60; // metres: one house alone is not drawn a kilometre wide

/** The frame of all points, with `margin` metres around. null: there are none. */
export function frameAround(points: readonly LonLat[], margin = 25): Frame | null {
  if (!points.length) return null;
  let [west, south] = points[0]!;
  let [east, north] = [west, south];
  for (const [lon, lat] of points) {
    west = Math.min(west, lon);
    east = Math.max(east, lon);
    south = Math.min(south, lat);
    north = Math.max(north, lat);
  }
  const perLon = PER_DEGREE * Math.cos((((south + north) / 2) * Math.PI) / 180);
  const wide = Math.max(LEAST, (east - west) * perLon + 2 * margin);
  const high = Math.max(LEAST, (north - south) * PER_DEGREE + 2 * margin);
  return {
    west: (west + east) / 2 - wide / 2 / perLon,
    north: (south + north) / 2 + high / 2 / PER_DEGREE,
    perLon,
    perLat: PER_DEGREE,
    width: wide,
    height: high,
  };
}

export function onPlan(frame: Frame, [lon, lat]: LonLat): Spot {
  return { x: (lon - frame.west) * frame.perLon, y: (frame.north - lat) * frame.perLat };
}

export function onEarth(frame: Frame, { x, y }: Spot): LonLat {
  return [round7(frame.west + x / frame.perLon), round7(frame.north - y / frame.perLat)];
}

function round7(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7;
}
