import { describe, expect, it } from "vitest";

import { drawn, offsets, rowAt, toReveal } from "./virtual";

describe("a long list", () => {
  const starts = offsets(Array.from({ length: 10_000 }, (_, at) => (at % 10 ? 100 : 40)));

  it("draws what is seen and a little more, however long it is", () => {
    const [from, to] = drawn(starts, 400_000, 900, 300);
    expect(to - from).toBeLessThan(20);
    expect(starts[from]!).toBeLessThanOrEqual(400_000 - 300);
    expect(starts[to]!).toBeGreaterThanOrEqual(400_900 + 300);
  });

  it("finds each row again by where it begins", () => {
    for (const at of [0, 1, 9, 10, 4_999, 9_999]) {
      expect(rowAt(starts, starts[at]!)).toBe(at);
      expect(rowAt(starts, starts[at + 1]! - 0.5)).toBe(at);
    }
    expect(rowAt(starts, -50)).toBe(0);
    expect(rowAt(starts, 1e9)).toBe(9_999);
  });

  it("draws nothing of nothing, and all of a short one", () => {
    expect(drawn(offsets([]), 0, 900, 300)).toEqual([0, 0]);
    expect(drawn(offsets([40, 100]), 0, 900, 300)).toEqual([0, 2]);
  });

  it("scrolls as little as shows the row, and not where it is seen", () => {
    const few = offsets([100, 100, 100, 100]);
    expect(toReveal(few, 1, 50, 40, 600)).toBe(0);
    expect(toReveal(few, 0, -100, 40, 600)).toBe(-140);
    expect(toReveal(few, 3, 350, 40, 600)).toBe(150);
  });
});
