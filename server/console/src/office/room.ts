import type { Room } from "../rooms";

export const office: Room = { name: "office", words: { zh: "管理", en: "Office" }, pages: [] };
