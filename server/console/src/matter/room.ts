import type { Room } from "../rooms";

export const matter: Room = { name: "matter", words: { zh: "事项", en: "Matters" }, pages: [] };
