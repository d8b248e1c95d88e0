import type { AnswerRequest, Card, GatewayList, IncidentDetail, IncidentList, Me, Quarantine } from "./types";
import { lang } from "../words";
import { ofLang } from "../words/half";

/** A refusal in words for people: what happened, and what to do. `status` 0: no answer came at all. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly happened: string,
    readonly todo: string,
    /** What alone is missing: "code" at a sign-in that needs the second factor. */
    readonly need: string = "",
    /** The whole answer, for what it says besides. */
    readonly told: Record<string, unknown> = {},
  ) {
    super(happened);
  }
}

const PATIENCE_MS = 10_000;

/** With a `body` it changes something, by `method`. */
export async function call<T>(path: string, body?: unknown, method = "POST"): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", "Accept-Language": lang.value };
  const init: RequestInit = { headers, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) };
  if (body !== undefined) {
    init.method = method;
    init.body = JSON.stringify(body);
    headers["Content-Type"] = "application/json";
    headers["X-Heartlamp"] = "1"; // a foreign page cannot set it: this is our guard against forged requests
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new ApiError(0, "", "");
  }
  return answered<T>(response);
}

/** What it brings. ApiError: a refusal, in the page's own language. */
export async function answered<T>(response: Response): Promise<T> {
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const words = (said: unknown): string => ofLang(text(said), lang.value);
  if (!response.ok) throw new ApiError(response.status, words(answer.error), words(answer.do), text(answer.need), answer);
  return answer as T;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export const api = {
  me: () => call<Me>("/api/me"),
  login: (name: string, password: string, code: string) => call<Me>("/api/login", { name, password, code }),
  logout: () => call<unknown>("/api/logout", {}),
  incidents: (state: "open" | "closed", limit: number, before = "") =>
    call<IncidentList>(`/api/incidents?state=${state}&limit=${limit}${before && `&before=${encodeURIComponent(before)}`}`),
  incident: (id: string) => call<IncidentDetail>(`/api/incidents/${encodeURIComponent(id)}`),
  answer: (id: string, request: AnswerRequest) => call<Card>(`/api/incidents/${encodeURIComponent(id)}/answer`, request),
  gateways: () => call<GatewayList>("/api/gateways"),
  quarantine: () => call<Quarantine>("/api/quarantine"),
};
