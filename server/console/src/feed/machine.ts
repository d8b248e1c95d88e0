/** The live feed as a state machine: (state, event, now) → new state and effects as values. No socket, no clock in here. */

/** Silence after which the feed counts as lost; the server pings every 5 s. */
export const SILENCE_MS = 12_000;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 5_000;

export interface Feed {
  phase: "off" | "connecting" | "live" | "lost";
  /** The last thing that was seen; a new connection asks for everything after it. "" : load the lists first. */
  cursor: string;
  heardAt: number;
  /** Since when it is lost; null while it is not. Stays through failed attempts to return. */
  lostAt: number | null;
  attempts: number;
  retryAt: number | null;
}

export type FeedEvent =
  | { kind: "start" }
  | { kind: "loaded"; cursor: string }
  | { kind: "load failed" }
  | { kind: "opened" }
  | { kind: "heard"; cursor: string }
  | { kind: "reset" }
  | { kind: "error" }
  | { kind: "tick" }
  | { kind: "stop" };

/** load: fetch the lists, then say `loaded`. connect: (re)open the stream at `cursor`. disconnect: close it. probe: is the login still good? */
export type FeedEffect = "load" | "connect" | "disconnect" | "probe";

export const OFF: Feed = { phase: "off", cursor: "", heardAt: 0, lostAt: null, attempts: 0, retryAt: null };

export function feedStep(feed: Feed, event: FeedEvent, now: number): [Feed, FeedEffect[]] {
  if (event.kind === "stop") return [OFF, ["disconnect"]];
  if (event.kind === "start") return [{ ...OFF, phase: "connecting", heardAt: now }, ["load"]];
  if (feed.phase === "off") return [feed, []];
  switch (event.kind) {
    case "loaded":
      return [{ ...feed, cursor: event.cursor, retryAt: null, heardAt: now }, ["connect"]];
    case "opened":
    case "heard": {
      const cursor = event.kind === "heard" && event.cursor ? event.cursor : feed.cursor;
      return [{ ...feed, phase: "live", cursor, heardAt: now, lostAt: null, attempts: 0, retryAt: null }, []];
    }
    case "reset":
      return [{ ...feed, cursor: "", heardAt: now }, ["disconnect", "load"]];
    case "error":
    case "load failed":
      return lose(feed, now);
    case "tick":
      if (feed.retryAt !== null) {
        if (now < feed.retryAt) return [feed, []];
        return [{ ...feed, retryAt: null, heardAt: now }, [feed.cursor ? "connect" : "load"]];
      }
      return now - feed.heardAt > SILENCE_MS ? lose(feed, now) : [feed, []];
  }
}

function lose(feed: Feed, now: number): [Feed, FeedEffect[]] {
  const wait = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** feed.attempts);
  const lost: Feed = {
    ...feed,
    phase: "lost",
    lostAt: feed.lostAt ?? now,
    attempts: feed.attempts + 1,
    retryAt: now + wait,
  };
  return [lost, ["disconnect", "probe"]];
}
