import { describe, expect, it } from "vitest";

import { asks, fields, inOrder, left, listed, photos, share } from "./acts";

describe("an act", () => {
  it("asks for the proof that this kind of matter needs, and for no other", () => {
    expect(fields("handle", ["before_after", "document"])).toEqual(["what", "photos", "document"]);
    expect(fields("handle", ["household"])).toEqual(["what"]);
    expect([photos(["before_after"]), photos(["photo"]), photos(["document"])]).toEqual([2, 1, 0]);
  });
  it("is done at once where nothing is to be said and nothing is lost", () => {
    expect(["whistle", "report_in", "grant"].map((act) => asks(act))).toEqual([false, false, false]);
    expect(["withdraw", "close", "note", "handle"].map((act) => asks(act))).toEqual([true, true, true, true]);
    expect([asks("take", "order"), asks("cancel", "order")]).toEqual([false, true]);
  });
  it("that leads on stands first, alone solid", () => {
    expect(inOrder(["note", "decline", "settle", "whistle"])).toEqual([
      { act: "whistle", solid: true }, { act: "settle", solid: false }, { act: "decline", solid: false }, { act: "note", solid: false },
    ]);
    expect(inOrder(["note", "withdraw"]).some((one) => one.solid)).toBe(false);
  });
});

it("reads photos as people list them", () => expect(listed("A1，A2\n A3 ;；")).toEqual(["A1", "A2", "A3"]));
it("says how long is left", () => expect([left("2026-05-01T12:00:00Z", Date.parse("2026-05-01T11:00:00Z")), left(null, 0)]).toEqual([3_600_000, null]));
it("shows a share with what it is of", () => expect([share(3, 4), share(0, 0)]).toEqual(["3 / 4", ""]));
