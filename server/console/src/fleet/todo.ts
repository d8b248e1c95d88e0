import type { Form } from "../api/ask";

type Row = Form["FleetRow"];

/** One house on the way, with its devices that need something. */
export interface Stop {
  order: number;
  site: string;
  name: string;
  rows: Row[];
}

export interface Part {
  village: number;
  name: string;
  stops: Stop[];
}

/** The list as a way: villages in the order in which it comes through them, each with its houses in that order. */
export function wayOf(rows: readonly Row[]): Part[] {
  const parts: Part[] = [];
  for (const row of [...rows].sort((a, b) => a.order - b.order)) {
    let part = parts.find((one) => one.village === row.village);
    if (!part) parts.push((part = { village: row.village, name: row.village_name, stops: [] }));
    const last = part.stops.at(-1);
    if (last?.site === row.site) last.rows.push(row);
    else part.stops.push({ order: row.order, site: row.site, name: row.site_name, rows: [row] });
  }
  return parts;
}

export const WEAK_DBM = -80;

/** How many devices have a good signal, a weak one, and none that is known. */
export function links(rows: readonly Pick<Row, "rssi">[]): { well: number; weak: number; none: number } {
  const known = rows.filter((row) => row.rssi !== null);
  const weak = known.filter((row) => (row.rssi ?? 0) < WEAK_DBM).length;
  return { well: known.length - weak, weak, none: rows.length - known.length };
}

/** "1.2.3" of 10203. */
export function versionWords(version: number): string {
  return `${Math.floor(version / 10000)}.${Math.floor(version / 100) % 100}.${version % 100}`;
}

/** A reading as people write it: `[in the unit that is said, unit, decimals]` by the end of its name (docs/protocol.md §4). */
const UNITS: readonly [RegExp, number, string, number][] = [
  [/_mv$/, 1000, "V", 2],
  [/_mc$/, 1000, "°C", 1],
  [/_b$/, 1024, "KB", 0],
  [/_dbm$/, 1, "dBm", 0],
];

export function scaled(name: string, value: number): { value: number; unit: string; digits: number } {
  const [, by, unit, digits] = UNITS.find(([end]) => end.test(name)) ?? [null, 1, "", 0];
  return { value: value / by, unit, digits };
}

/** "3.87 V" of battery_mv 3871, "yes" or "no" of what is 0 or 1; `ago`: milliseconds as words, "yes", "no" in its language. */
export function valueWords(name: string, value: number, words: { ago: (ms: number) => string; yes: string; no: string; never: string }): string {
  if (name === "version") return versionWords(value);
  if (name.endsWith("_ms")) return value < 0 ? words.never : words.ago(value);
  if (FLAGS.has(name)) return value ? words.yes : words.no;
  const said = scaled(name, value);
  return `${said.value.toFixed(said.digits)}${said.unit ? ` ${said.unit}` : ""}`;
}

const FLAGS = new Set(["battery_low", "battery_fault", "key_stuck", "mains", "tamper", "temp_low", "temp_high"]);
const DRAWN = ["battery_mv", "rssi_dbm", "temp_mc", "heap_b"];

type Samples = Form["DeviceReadings"]["series"][string];

/** What is worth a chart, in the order of a page: [name, seconds since 1970, means in the unit that is said]. */
export function drawn(series: Form["DeviceReadings"]["series"]): [string, number[], number[]][] {
  return DRAWN.filter((name) => (series[name]?.length ?? 0) > 1).map((name) => {
    const samples = series[name] as Samples;
    return [name, samples.map((one) => Date.parse(one.at) / 1000), samples.map((one) => scaled(name, one.mean).value)];
  });
}
