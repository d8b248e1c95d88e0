import { expect, test } from "vitest";

import { drawn, links, valueWords, versionWords, wayOf } from "./todo";

const row = (device: string, site: string, village: number, order: number) =>
  ({ device, site, site_name: site, village, village_name: `v${village}`, order, rssi: null }) as Parameters<typeof wayOf>[0][number];

test("the list is a way: villages as it comes through them, houses with all their devices", () => {
  const way = wayOf([row("b", "s2", 1, 2), row("c", "s3", 2, 3), row("a", "s1", 1, 1), row("d", "s2", 1, 2)]);
  expect(way.map((part) => part.village)).toEqual([1, 2]);
  expect(way[0]!.stops.map((stop) => [stop.order, stop.rows.map((one) => one.device)])).toEqual([
    [1, ["a"]],
    [2, ["b", "d"]],
  ]);
});

test("a signal that nobody told is neither good nor weak", () => {
  expect(links([{ rssi: -60 }, { rssi: -81 }, { rssi: -80 }, { rssi: null }])).toEqual({ well: 2, weak: 1, none: 1 });
});

test("a version is said as people write it", () => {
  expect([10000, 10203, 123456].map(versionWords)).toEqual(["1.0.0", "1.2.3", "12.34.56"]);
});

test("a reading is said in the unit that people use", () => {
  const words = { ago: (ms: number) => `${ms / 60000} min ago`, yes: "yes", no: "no", never: "never" };
  const said = Object.entries({ battery_mv: 3871, temp_mc: 22883, rssi_dbm: -63, heap_b: 40960, key_stuck: 1, mains: 0, drill_ms: -1, path_lan_ms: 120000, version: 10203, tampered: 4 });
  expect(said.map(([name, value]) => valueWords(name, value, words))).toEqual(["3.87 V", "22.9 °C", "-63 dBm", "40 KB", "yes", "no", "never", "2 min ago", "1.2.3", "4"]);
});

test("a chart needs two moments", () => {
  const at = (n: number) => ({ at: new Date(n * 1000).toISOString(), low: n, high: n, mean: n, many: 1 });
  expect(drawn({ rssi_dbm: [at(1), at(2)], battery_mv: [at(1)], other: [at(1), at(2)] })).toEqual([["rssi_dbm", [1, 2], [1, 2]]]);
});
