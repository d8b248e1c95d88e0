import { answered, ApiError } from "./client";

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
  return answered<T>(response);
}
