import type { Room } from "../rooms";

export const map: Room = { name: "map", words: { zh: "地图", en: "Map" }, pages: [] };
