import { describe, expect, it } from "vitest";

import { bodyAt, fate, freshId, next, pause, type Waiting } from "./model";

const MINUTE = 60_000;

function waiting(n: number, changed: Partial<Waiting> = {}): Waiting {
  return {
    n, id: `id${n}`, person: "grid1", method: "PUT", path: `/api/acts/id${n}`, body: { act: "coming" }, timed: true,
    made_ms: 1_000_000, ticks_ms: 500, life: "a", seen_ms: 1_000_000, act: "coming", about: "key1-1", place: "三组 7号", why: "",
    ...changed,
  }; // prettier-ignore
}

describe("the queue", () => {
  it("sends in the order of the taps, and of nobody else", () => {
    expect(next([waiting(3), waiting(2), waiting(1, { person: "grid2" })], "grid1")?.n).toBe(2);
  });

  it("goes on behind one that was refused, and never before one that was only not heard", () => {
    expect(next([waiting(1, { why: "no such incident" }), waiting(2)], "grid1")?.n).toBe(2);
    expect(fate(waiting(1), 0)).toBe("again");
  });

  it("keeps what nobody knows the outcome of", () => {
    for (const status of [0, 500, 503, 401, 408, 429]) expect(fate(waiting(1), status)).toBe("again");
    for (const status of [200, 204]) expect(fate(waiting(1), status)).toBe("done");
    for (const status of [404, 422, 403, 413]) expect(fate(waiting(1), status)).toBe("refused");
    expect([fate(waiting(1), 409), fate(waiting(1, { timed: false }), 409)]).toEqual(["again", "refused"]);
  });

  it("waits longer each time, and half a minute at most", () => {
    expect([1, 2, 3, 9].map(pause)).toEqual([1000, 2000, 4000, 30_000]);
  });
});

describe("how long it lay here", () => {
  const sent = (wall: number, ticks: number, life = "a", changed: Partial<Waiting> = {}) =>
    bodyAt(waiting(1, changed), { wall, ticks, life }) as Record<string, unknown>;

  it("is said by both clocks while the page lives", () => {
    expect(sent(1_000_000 + 4 * MINUTE, 500 + 4 * MINUTE)).toMatchObject({ made_ms: 1_000_000, sent_ms: 1_000_000 + 4 * MINUTE, ticks_ms: 4 * MINUTE });
  });

  it("is said by the wall clock alone when the page was started anew", () => {
    expect(sent(1_000_000 + MINUTE, 7, "b")).toMatchObject({ sent_ms: 1_000_000 + MINUTE, ticks_ms: null });
  });

  it("is not known by a clock that was set back", () => {
    const seen = { seen_ms: 1_000_000 + 9 * MINUTE };
    expect(sent(1_000_000 + MINUTE, 7, "b", seen)).toMatchObject({ sent_ms: null, ticks_ms: null });
    expect(sent(900_000, 500 + MINUTE)).toMatchObject({ sent_ms: null, ticks_ms: MINUTE });
  });

  it("leaves a photo as it is", () => {
    const bytes = new ArrayBuffer(3);
    expect(bodyAt(waiting(1, { body: bytes }), { wall: 0, ticks: 0, life: "a" })).toBe(bytes);
  });
});

it("an id is 32 characters that the county takes", () => {
  expect(freshId((bytes) => bytes.fill(7))).toBe("07".repeat(16));
});
