import { describe, expect, it } from "vitest";

import { OFF } from "../feed/machine";
import { ACCEPTED, card } from "../testing/card";
import { pressedAgain, soundFor } from "./choice";
import { PATTERNS } from "./patterns";

const LIVE = { ...OFF, phase: "live" as const };
const LOST = { ...OFF, phase: "lost" as const };

describe("what must be heard", () => {
  it("is nothing when nobody waits", () => {
    expect(soundFor([], LIVE)).toBe("none");
    expect(soundFor([card(1, ACCEPTED)], LIVE)).toBe("none");
  });

  it("is the most urgent of what waits; also when the household cancelled, and again when an answer fell through", () => {
    expect(soundFor([card(1, { what: "flood" })], LIVE)).toBe("steady");
    expect(soundFor([card(1, { what: "flood" }), card(2, { cancelled: true })], LIVE)).toBe("urgent");
    expect(soundFor([card(2, { answer: "unanswered", aver: 3 })], LIVE)).toBe("urgent");
  });

  it("says that the feed is lost, unless a known urgent alarm waits", () => {
    expect(soundFor([], LOST)).toBe("lost");
    expect(soundFor([card(1, { what: "flood" })], LOST)).toBe("lost");
    expect(soundFor([card(1)], LOST)).toBe("urgent");
  });

  it("is a single round when a house in hand is pressed again, and not when its card merely changes", () => {
    const once = card(1, ACCEPTED);
    expect(pressedAgain([once], [{ ...once, presses: 2 }])).toBe(true);
    expect(pressedAgain([once], [{ ...once, lit: 3 }])).toBe(false);
    expect(pressedAgain([], [{ ...once, presses: 2 }])).toBe(false);
    expect(pressedAgain([card(2)], [card(2, { presses: 2 })])).toBe(false);
  });

  it("sounds differ in more than pitch: number of tones, wave and pace", () => {
    const signs = Object.values(PATTERNS).map((pattern) => `${pattern.tones.length} ${pattern.wave} ${pattern.round}`);
    expect(new Set(signs).size).toBe(3);
    for (const { tones, round } of Object.values(PATTERNS)) for (const tone of tones) expect(tone.at + tone.long).toBeLessThan(round);
  });
});
