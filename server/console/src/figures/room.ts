import type { Room } from "../rooms";

export const figures: Room = { name: "figures", words: { zh: "统计", en: "Figures" }, pages: [] };
