import { ApiError } from "./client";
import { lang } from "../words";
import { ofLang } from "../words/half";

const PATIENCE_MS = 120_000; // a table of a county takes its time

/** Sends a file as it is to `path`. ApiError: it was refused, in words; status 0: no answer came. */
export async function sendFile<T>(path: string, file: Blob | null): Promise<T> {
  let response: Response;
  try {
    const headers = { Accept: "application/json", "Content-Type": "application/octet-stream", "X-Heartlamp": "1" };
    response = await fetch(path, { method: "POST", body: file ?? "", headers, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new ApiError(0, "", "");
  }
  const told = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (!response.ok) throw new ApiError(response.status, ofLang(String(told.error ?? ""), lang.value), ofLang(String(told.do ?? ""), lang.value), "", told);
  return told as T;
}
