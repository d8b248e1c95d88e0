import { ofLang } from "../words/half";
import { lang } from "../words/lang";

/** What came back. `status` 0: no answer came at all, and nobody knows whether it was heard. */
export interface Said<T> {
  status: number;
  body: T | null;
  error: string;
  todo: string;
  need: string;
}

const PATIENCE_MS = 15_000;

/** Never throws. `body` undefined: GET. Without what browsers of 2018 lack. */
export async function send<T>(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<Said<T>> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": lang.value };
  const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (body instanceof ArrayBuffer) init.body = body;
  else if (body !== undefined) {
    init.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
  }
  if (method !== "GET") headers["X-Heartlamp"] = "1"; // a foreign page cannot set it
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const response = await fetch(path, { ...init, signal: stop.signal });
    const found = (await response.json().catch(() => null)) as Record<string, unknown> | null;
    if (response.ok) return { status: response.status, body: found as unknown as T, error: "", todo: "", need: "" };
    return { status: response.status, body: null, error: ofLang(text(found, "error"), lang.value), todo: ofLang(text(found, "do"), lang.value), need: text(found, "need") };
  } catch {
    return { status: 0, body: null, error: "", todo: "", need: "" };
  } finally {
    clearTimeout(timer);
  }
}

export const ask = <T>(path: string) => send<T>("GET", path);

function text(found: Record<string, unknown> | null, name: string): string {
  const value = found === null ? "" : found[name];
  return typeof value === "string" ? ofLanguage(value) : "";
}

/** The county says both languages: "中文 · English". */
export function ofLanguage(said: string): string {
  const both = said.split(" · ");
  return both.length === 2 ? both[lang.value === "zh" ? 0 : 1]! : said;
}
