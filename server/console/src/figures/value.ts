/** A figure's value as it is read: the number, what it is of, and how it stands to last year. Pure. */
import type { Form } from "../api/ask";
import { durationWords, type Lang } from "../time/words";

export type Value = Form["ValueView"];
export type Unit = Form["DefinitionView"]["unit"];
export const NONE = "–";
const SAME = { zh: "持平", en: "the same" };
const FEW = { zh: "不足 5", en: "under 5" };

/** "83 %", "1 分 13 秒", "12.30 元", "7"; NONE where there is none. */
export function main(value: Value | undefined, unit: Unit, lang: Lang): string {
  if (value?.few) return FEW[lang];
  if (value?.value === null || value?.value === undefined) return NONE;
  const n = value.value;
  switch (unit) {
    case "share":
      return value.of ? `${percent(n, value.of)}%` : NONE;
    case "ms":
      return durationWords(n, lang);
    case "fen":
      return lang === "zh" ? `${grouped(n / 100, 2)} 元` : `¥${grouped(n / 100, 2)}`;
    case "MB":
      return `${grouped(n)} MB`;
    default:
      return grouped(n);
  }
}

/** "10 / 12" of a share, "of 12" of what else has a denominator; "" where it says nothing more. */
export function among(value: Value | undefined, unit: Unit, lang: Lang): string {
  if (!value || value.few || value.value === null || value.of === null) return "";
  if (unit === "share") return `${grouped(value.value)} / ${grouped(value.of)}`;
  return lang === "zh" ? `共 ${grouped(value.of)}` : `of ${grouped(value.of)}`;
}

/** Against last year: "+3", "−4 个百分点"; "" where one of them is not there. */
export function change(value: Value | undefined, last: Value | undefined, unit: Unit, lang: Lang): string {
  const [now, then] = [number(value, unit), number(last, unit)];
  if (now === null || then === null) return "";
  const by = now - then;
  if (unit === "share") {
    const points = Math.round(by * 10) / 10;
    if (points === 0) return SAME[lang];
    return lang === "zh" ? `${signed(points)} 个百分点` : `${signed(points)} pp`;
  }
  if (by === 0) return SAME[lang];
  if (unit === "ms") return `${by < 0 ? "−" : "+"}${durationWords(Math.abs(by), lang)}`;
  if (unit === "fen") return signed(Math.round(by) / 100);
  return signed(by);
}

/** 0 to 1 of a share; null where there is none. */
export function part(value: Value | undefined): number | null {
  return value && !value.few && value.value !== null && value.of ? value.value / value.of : null;
}

function number(value: Value | undefined, unit: Unit): number | null {
  if (!value || value.few || value.value === null) return null;
  if (unit === "share") return value.of ? (100 * value.value) / value.of : null;
  return value.value;
}

/** One decimal, none of whole ones; never 100 of what is not all, nor 0 of what is not none. */
function percent(n: number, of: number): string {
  const rounded = Math.round((1000 * n) / of) / 10;
  const honest = n < of ? Math.min(rounded, 99.9) : rounded;
  return String(n > 0 ? Math.max(honest, 0.1) : honest);
}

function signed(n: number): string {
  return n > 0 ? `+${grouped(n)}` : `−${grouped(-n)}`;
}

function grouped(n: number, digits?: number): string {
  return n.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits ?? 1 });
}
