import { describe, expect, it } from "vitest";

import { card } from "../../testing/card";
import type { Waiting } from "../queue/model";
import { emergencyNumbers, nearOrder, standing, taps } from "./near";

const ME = "网格员一";
const by = (name: string, answer: "coming" | "arrived" | "cannot" | "withdrawn" | "asked") => ({ name, answer, at: "2026-05-01T11:59:00Z", by: "x" });

function waits(about: string, act: string): Waiting {
  return { n: 1, id: "a", person: "g", method: "PUT", path: "", body: {}, timed: true, made_ms: 0, ticks_ms: 0, life: "", seen_ms: 0, act, about, place: "", why: "" };
}

describe("the next tap", () => {
  it("is to go, to arrive, to say what was done; and nothing after that", () => {
    const call = card(7);
    expect(taps("none", call)).toEqual(["coming", "cannot"]);
    expect(taps("coming", call)[0]).toBe("arrived");
    expect(taps("arrived", call)).toEqual(["handled"]);
    expect(taps("handled", call)).toEqual([]);
  });

  it("counts what waits on the phone as said, and says that it waits", () => {
    const call = card(7);
    expect(standing(call, ME, [waits(call.id, "coming")])).toEqual({ mine: "coming", queued: true });
    expect(standing(call, ME, [waits("another", "coming")])).toEqual({ mine: "none", queued: false });
    expect(standing(call, ME, [{ ...waits(call.id, "coming"), why: "refused" }]).queued).toBe(false);
  });

  it("follows the county where nothing waits", () => {
    expect(standing(card(7, { responders: [by(ME, "coming")] }), ME, []).mine).toBe("coming");
    expect(standing(card(7, { responders: [by("别人", "coming")] }), ME, []).mine).toBe("none");
    expect(standing(card(7, { responders: [by(ME, "withdrawn")] }), ME, []).mine).toBe("out");
  });
});

it("mine stand first, then those that nobody goes to", () => {
  const mine = card(1, { responders: [by(ME, "coming")], answer: "coming" }, 600);
  const taken = card(2, { answer: "coming" }, 5);
  const nobodys = card(3, {}, 60);
  const over = card(4, { closed_at: "2026-05-01T11:59:00Z" });
  expect(nearOrder([taken, nobodys, over, mine], ME, []).map((one) => one.site.id)).toEqual(["s1", "s3", "s2"]);
});

it("nobody is told to telephone the fire brigade for a fall", () => {
  expect(emergencyNumbers("fire")[0]).toBe("119");
  expect(emergencyNumbers("panic")[0]).toBe("120");
  expect(emergencyNumbers("silent")).toEqual(["110"]);
});
