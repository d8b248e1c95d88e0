/** Days, weeks, months, years as the figures' pages name them in their addresses. Pure; days are "2026-11-23". */
import type { Lang } from "../time/words";

export const KINDS = ["day", "week", "month", "year"] as const;
export type Kind = (typeof KINDS)[number];
/** What a page is of. `area` null: the widest that is this person's. */
export interface View {
  area: number | null;
  kind: Kind;
  day: string;
}

/** "12.month.2026-11-01" and back; what is not understood is of `today`. */
export function parseView(id: string | null, today: string, kind: Kind = "month"): View {
  const [area, of, day] = (id ?? "").split(".");
  return {
    area: area && /^\d+$/.test(area) ? Number(area) : null,
    kind: KINDS.find((one) => one === of) ?? kind,
    day: day && /^\d{4}-\d\d-\d\d$/.test(day) && !Number.isNaN(Date.parse(day)) ? day : today,
  };
}

export function viewId({ area, kind, day }: View): string {
  return `${area ?? ""}.${kind}.${day}`;
}

/** The first day of the period that is `by` periods away. */
export function step(kind: Kind, day: string, by: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  if (kind === "year") return iso(new Date(Date.UTC(year + by, 0, 1)));
  if (kind === "month") return iso(new Date(Date.UTC(year, month - 1 + by, 1)));
  return iso(new Date(Date.UTC(year, month - 1, date + by * (kind === "week" ? 7 : 1))));
}

/** The local day of a moment, ms. */
export function dayOf(at: number): string {
  const then = new Date(at);
  return `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`;
}

/** "2026年11月", "16–22 November 2026", "2026". Both days are in it. */
export function periodWords(kind: string, first: string, last: string, lang: Lang): string {
  const [y, m, d] = first.split("-").map(Number) as [number, number, number];
  const [ly, lm, ld] = last.split("-").map(Number) as [number, number, number];
  if (kind === "year") return lang === "zh" ? `${y}年` : `${y}`;
  if (kind === "month") return lang === "zh" ? `${y}年${m}月` : `${MONTHS[m - 1]} ${y}`;
  if (first === last) return lang === "zh" ? `${y}年${m}月${d}日` : `${d} ${MONTHS[m - 1]} ${y}`;
  if (lang === "zh") return `${y}年${m}月${d}日至${ly === y ? "" : `${ly}年`}${lm}月${ld}日`;
  return `${d}${lm === m ? "" : ` ${MONTHS[m - 1]}`}${ly === y ? "" : ` ${y}`} – ${ld} ${MONTHS[lm - 1]} ${ly}`;
}

/** Of twelve in a row: "11月", "Nov"; a January with its year. */
export function shortMonth(first: string, lang: Lang): string {
  const [year, month] = first.split("-").map(Number) as [number, number];
  const name = lang === "zh" ? `${month}月` : MONTHS[month - 1]!.slice(0, 3);
  if (month !== 1) return name;
  return lang === "zh" ? `${String(year).slice(2)}年${name}` : `${name} ${String(year).slice(2)}`;
}

/** A moment of a report: "11月22日 08:00", "22 November 08:00". Local time of this screen, ISO in. */
export function stamp(at: string, lang: Lang): string {
  const then = new Date(at);
  const clock = `${two(then.getHours())}:${two(then.getMinutes())}`;
  return lang === "zh" ? `${then.getMonth() + 1}月${then.getDate()}日 ${clock}` : `${then.getDate()} ${MONTHS[then.getMonth()]} ${clock}`;
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

function iso(day: Date): string {
  return day.toISOString().slice(0, 10);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
