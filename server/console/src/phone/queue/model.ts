/** What waits on the phone to be sent, and what becomes of it. Pure. */

/** `n`: its place in the order; `body`: JSON, or the bytes of a photo; `made_ms`: the phone's clock at the tap; `ticks_ms`
 * and `life`: the page's own clock then, and which life of the page that was; `seen_ms`: the highest time of the phone's
 * clock that was seen since; `act`, `about`, `place`: for people; `why`: it was refused, in words. */
export interface Waiting {
  n: number;
  id: string;
  person: string;
  method: "POST" | "PUT";
  path: string;
  body: Record<string, unknown> | ArrayBuffer;
  timed: boolean;
  made_ms: number;
  ticks_ms: number;
  life: string;
  seen_ms: number;
  act: string;
  about: string;
  place: string;
  why: string;
}

export interface Clocks {
  wall: number;
  ticks: number;
  life: string;
}

/** done: it is taken in. again: nobody knows, or not now. refused: it never will be. */
export type Fate = "done" | "again" | "refused";

const BACK_MS = 2_000; // a clock that is set right by so little was not set back

/** Which one is sent now: the oldest of this person's that was not refused. Order is kept: what is behind waits. */
export function next(all: readonly Waiting[], person: string): Waiting | undefined {
  return mine(all, person)
    .filter((one) => !one.why)
    .sort((a, b) => a.n - b.n)[0];
}

export function mine(all: readonly Waiting[], person: string): Waiting[] {
  return all.filter((one) => one.person === person);
}

/** The body as it is sent at this moment: a timed one says how long it lay here, by two clocks (docs/decisions/0023). */
export function bodyAt(one: Waiting, now: Clocks): Record<string, unknown> | ArrayBuffer {
  if (one.body instanceof ArrayBuffer || !one.timed) return one.body;
  const back = now.wall < one.seen_ms - BACK_MS;
  const ticks = one.life === now.life ? Math.max(0, Math.round(now.ticks - one.ticks_ms)) : null;
  return { ...one.body, made_ms: one.made_ms, sent_ms: back ? null : Math.max(one.made_ms, now.wall), ticks_ms: ticks };
}

/** 401: who it is of must sign in again; 409 of an act: it changed at this moment. */
export function fate(one: Waiting, status: number): Fate {
  if (status >= 200 && status < 300) return "done";
  if (status === 0 || status >= 500 || status === 401 || status === 408 || status === 429) return "again";
  return status === 409 && one.timed ? "again" : "refused";
}

/** How long to wait after so many failures in a row, ms. */
export function pause(failures: number): number {
  return Math.min(30_000, 1_000 * Math.pow(2, Math.max(0, failures - 1)));
}

/** A fresh id of 32 characters; `random`: fills bytes. */
export function freshId(random: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  return Array.from(bytes, (byte) => ("0" + byte.toString(16)).slice(-2)).join("");
}
