import { describe, expect, it } from "vitest";

import { feedStep, OFF, SILENCE_MS, type Feed, type FeedEffect, type FeedEvent } from "./machine";

/** Plays [time, event] pairs and returns the last state and all effects. */
function play(...events: [number, FeedEvent][]): [Feed, FeedEffect[]] {
  let feed = OFF;
  const all: FeedEffect[] = [];
  for (const [now, event] of events) {
    const [next, effects] = feedStep(feed, event, now);
    feed = next;
    all.push(...effects);
  }
  return [feed, all];
}

const LIVE: [number, FeedEvent][] = [
  [0, { kind: "start" }],
  [10, { kind: "loaded", cursor: "e:5" }],
  [20, { kind: "opened" }],
];

describe("the feed", () => {
  it("loads, connects and is live", () => {
    const [feed, effects] = play(...LIVE);
    expect(feed.phase).toBe("live");
    expect(effects).toEqual(["load", "connect"]);
  });

  it("is lost after 12 s of silence, not before", () => {
    const before = play(...LIVE, [20 + SILENCE_MS, { kind: "tick" }])[0];
    expect(before.phase).toBe("live");
    const [feed, effects] = play(...LIVE, [21 + SILENCE_MS, { kind: "tick" }]);
    expect([feed.phase, feed.lostAt]).toEqual(["lost", 21 + SILENCE_MS]);
    expect(effects.slice(-2)).toEqual(["disconnect", "probe"]);
  });

  it("comes back with the cursor of the last thing it saw, and misses nothing", () => {
    const [feed, effects] = play(
      ...LIVE,
      [100, { kind: "heard", cursor: "e:9" }],
      [200, { kind: "error" }],
      [701, { kind: "tick" }],
    );
    expect(effects.at(-1)).toBe("connect");
    expect([feed.cursor, feed.phase, feed.lostAt]).toEqual(["e:9", "lost", 200]);
    const back = feedStep(feed, { kind: "opened" }, 800)[0];
    expect([back.phase, back.lostAt, back.attempts]).toEqual(["live", null, 0]);
  });

  it("a ping without a cursor keeps the cursor", () => {
    expect(play(...LIVE, [50, { kind: "heard", cursor: "" }])[0].cursor).toBe("e:5");
  });

  it("counts the loss from its first moment, and tries at most every 5 s", () => {
    let feed = play(...LIVE)[0];
    let now = 1000;
    const waits: number[] = [];
    for (let round = 0; round < 6; round++) {
      feed = feedStep(feed, { kind: "error" }, now)[0];
      waits.push(feed.retryAt! - now);
      now = feed.retryAt!;
      feed = feedStep(feed, { kind: "tick" }, now)[0];
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
    expect(feed.lostAt).toBe(1000);
  });

  it("loads everything again after a reset", () => {
    const [feed, effects] = play(...LIVE, [60, { kind: "reset" }]);
    expect(feed.cursor).toBe("");
    expect(effects.slice(-2)).toEqual(["disconnect", "load"]);
  });

  it("tries to load again when the server did not answer at the start", () => {
    const [, effects] = play([0, { kind: "start" }], [5, { kind: "load failed" }], [600, { kind: "tick" }]);
    expect(effects).toEqual(["load", "disconnect", "probe", "load"]);
  });

  it("a connection that never opens is given up like a silent one", () => {
    const [feed] = play(...LIVE, [100, { kind: "error" }], [700, { kind: "tick" }], [701 + SILENCE_MS, { kind: "tick" }]);
    expect(feed.attempts).toBe(2);
  });

  it("does nothing once it is stopped", () => {
    expect(play(...LIVE, [50, { kind: "stop" }], [99_000, { kind: "tick" }])[0]).toEqual(OFF);
  });
});
