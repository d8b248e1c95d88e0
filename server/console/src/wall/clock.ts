import type { Lang } from "../time/words";

const ZONE = "Asia/Shanghai"; // the county's day, wherever the television was made
const time = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dates = {
  zh: new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "long", day: "numeric", weekday: "long" }),
  en: new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, day: "numeric", month: "long", weekday: "long" }),
};

export function timeWords(at: number): string {
  return time.format(at);
}

export function dateWords(at: number, lang: Lang): string {
  return dates[lang].format(at);
}
