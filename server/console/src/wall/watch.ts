/** What a wall knows of its own feed, as a rule: (state, event, now) → state. It keeps one answer and nothing else,
 * however many weeks it hangs there. */
import type { Form } from "../api/ask";

export type WallView = Form["WallView"];

export interface Watch {
  view: WallView | null;
  /** When the last answer came, 0 never. */
  heardAt: number;
  /** signed out: somebody must sign in here; denied: this account is no wall's. */
  door: "open" | "signed out" | "denied";
}

export type WatchEvent = { kind: "view"; view: WallView } | { kind: "refused"; status: number };

export const ASLEEP: Watch = { view: null, heardAt: 0, door: "open" };
export const ASK_EVERY_MS = 2000;
/** Three answers in a row that did not come. */
export const LOST_MS = 7000;

export function heard(watch: Watch, event: WatchEvent, now: number): Watch {
  if (event.kind === "view") return { view: event.view, heardAt: now, door: "open" };
  if (event.status === 401) return { ...watch, door: "signed out" };
  if (event.status === 403) return { ...watch, door: "denied" };
  return watch;
}

/** Since when what is shown is old; null while it is not. */
export function lostSince(watch: Watch, startedAt: number, now: number): number | null {
  const last = Math.max(watch.heardAt, startedAt);
  return now - last > LOST_MS || watch.door !== "open" ? last : null;
}

const NIGHT = [3, 5] as const; // hours of the clock on the wall
const LEAST_MS = 12 * 3_600_000;

/** Whether to load the page anew: once a night, so that a new version comes and whatever a browser gathers goes; never while
 * anybody waits for help, and never while it could not come back. */
export function startsAnew(watch: Watch, startedAt: number, now: Date): boolean {
  const { view } = watch;
  const quiet = view !== null && view.waiting + view.accepted + view.coming + view.arrived === 0;
  const night = now.getHours() >= NIGHT[0] && now.getHours() < NIGHT[1];
  return quiet && night && +now - startedAt > LEAST_MS && lostSince(watch, startedAt, +now) === null;
}

export interface Tiles {
  townships: WallView["townships"];
  /** So many villages that only those are shown where something is, and townships with their counts. */
  crowded: boolean;
  /** For the size of a tile. */
  density: "roomy" | "wide" | "middle" | "dense";
}

const [ROOMY_MOST, WIDE_MOST, MIDDLE_MOST, DENSE_MOST] = [18, 48, 120, 260];

export function tiles(view: WallView): Tiles {
  const many = view.townships.reduce((sum, township) => sum + township.villages.length, 0);
  if (many <= DENSE_MOST) return { townships: view.townships, crowded: false, density: many <= ROOMY_MOST ? "roomy" : many <= WIDE_MOST ? "wide" : many <= MIDDLE_MOST ? "middle" : "dense" };
  const abnormal = view.townships.map((township) => ({ ...township, villages: township.villages.filter((one) => one.waiting + one.in_hand || one.sick).slice(0, 12) }));
  return { townships: abnormal, crowded: true, density: "dense" };
}

/** Villages for a technician, the worst first. */
export function sickOf(view: WallView): { name: string; sick: "silent" | "power" | "never" }[] {
  const order = ["silent", "power", "never"];
  return view.townships
    .flatMap((township) => township.villages.flatMap(({ name, sick }) => (sick ? [{ name, sick }] : [])))
    .sort((a, b) => order.indexOf(a.sick) - order.indexOf(b.sick));
}

export function raisedToday(view: WallView): number {
  return Object.values(view.today.raised).reduce((sum, many) => sum + many, 0);
}
