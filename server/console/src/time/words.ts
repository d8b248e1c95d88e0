/** Times as people say them. Pure: `now` is an argument, milliseconds since 1970; durations are milliseconds. */
export type Lang = "zh" | "en";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration that counts: "8 秒", "2 分 13 秒", "3 小时 5 分", "2 天 3 小时". Never negative: clocks may differ a little. */
export function durationWords(ms: number, lang: Lang): string {
  const t = Math.max(0, ms);
  const [zh, en] =
    t < MINUTE
      ? [`${n(t, SECOND)} 秒`, `${n(t, SECOND)} s`]
      : t < HOUR
        ? [`${n(t, MINUTE)} 分 ${n(t % MINUTE, SECOND)} 秒`, `${n(t, MINUTE)} min ${n(t % MINUTE, SECOND)} s`]
        : t < DAY
          ? [`${n(t, HOUR)} 小时 ${n(t % HOUR, MINUTE)} 分`, `${n(t, HOUR)} h ${n(t % HOUR, MINUTE)} min`]
          : [`${n(t, DAY)} 天 ${n(t % DAY, HOUR)} 小时`, `${plural(n(t, DAY), "day")} ${n(t % DAY, HOUR)} h`];
  return lang === "zh" ? zh : en;
}

/** Roughly how long ago, for what need not count: "刚刚", "5 分钟前", "3 小时前", "2 天前". */
export function agoWords(ms: number, lang: Lang): string {
  const t = Math.max(0, ms);
  if (t < 10 * SECOND) return lang === "zh" ? "刚刚" : "just now";
  const [count, zh, en] =
    t < MINUTE
      ? [n(t, SECOND), "秒", "second"]
      : t < HOUR
        ? [n(t, MINUTE), "分钟", "minute"]
        : t < DAY
          ? [n(t, HOUR), "小时", "hour"]
          : ([n(t, DAY), "天", "day"] as const);
  return lang === "zh" ? `${count} ${zh}前` : `${plural(count, en)} ago`;
}

/** A moment on the clock: "14:05:09", "昨天 22:10", "3月5日 14:05", "2025年3月5日 14:05". Local time of this screen. */
export function clockWords(at: number, now: number, lang: Lang): string {
  const then = new Date(at);
  const today = new Date(now);
  const days = Math.round((midnight(today) - midnight(then)) / DAY);
  const minutes = hourWords(at);
  if (days === 0) return `${minutes}:${two(then.getSeconds())}`;
  if (days === 1) return lang === "zh" ? `昨天 ${minutes}` : `yesterday ${minutes}`;
  const year = then.getFullYear() === today.getFullYear() ? "" : String(then.getFullYear());
  if (lang === "zh") return `${year && `${year}年`}${then.getMonth() + 1}月${then.getDate()}日 ${minutes}`;
  return `${then.getDate()} ${MONTHS[then.getMonth()]}${year && ` ${year}`} ${minutes}`;
}

/** "14:05". Local time of this screen. */
export function hourWords(at: number): string {
  const then = new Date(at);
  return `${two(then.getHours())}:${two(then.getMinutes())}`;
}

/** "3月5日 星期四", "Thursday, 5 Mar". */
export function dayWords(at: number, lang: Lang): string {
  const then = new Date(at);
  if (lang === "zh") return `${then.getMonth() + 1}月${then.getDate()}日 星期${"日一二三四五六"[then.getDay()]}`;
  return `${DAYS[then.getDay()]}, ${then.getDate()} ${MONTHS[then.getMonth()]}`;
}

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function n(ms: number, unit: number): number {
  return Math.floor(ms / unit);
}

function plural(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function midnight(day: Date): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
}
