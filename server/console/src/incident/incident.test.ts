import { describe, expect, it } from "vitest";

import { ACCEPTED, card } from "../testing/card";
import { closeNeedsProof, nextAnswers, peopleStairs } from "./axes";
import { gathered } from "./gather";
import { withCard } from "./merge";
import { inOrder, isWaiting } from "./order";
import { moved, selectionAfter } from "./selection";

const houses = (cards: ReturnType<typeof card>[]) => cards.map((one) => one.site.name);

describe("the queue", () => {
  it("puts what waits before what is in hand, then urgency, then the newest press", () => {
    const flood = card(1, { what: "flood" }, 1);
    const oldPanic = card(2, {}, 500);
    const newFire = card(3, { what: "fire" }, 20);
    const accepted = card(4, ACCEPTED, 2);
    const fellThrough = card(5, { answer: "unanswered", aver: 3 }, 900);
    expect(houses(inOrder([accepted, flood, oldPanic, fellThrough, newFire]))).toEqual(
      ["三组 3号", "三组 2号", "三组 5号", "三组 1号", "三组 4号"],
    );
  });

  it("does not let a household's cancel or a doubt lower an alarm", () => {
    const marked = card(1, { cancelled: true, unverified: true, time_unknown: true, observed_at: null }, 5);
    expect(houses(inOrder([card(2, {}, 60), marked]))).toEqual(["三组 1号", "三组 2号"]);
  });

  it("keeps waiting for an operator when a neighbour is already on the way", () => {
    const neighbour = { name: "三组 5号", answer: "coming" as const, at: "2026-05-01T11:59:00Z", by: "" };
    const coming = card(1, { answer: "coming", aver: 1, who: "三组 5号", responders: [neighbour] });
    expect(isWaiting(coming)).toBe(true);
    expect(isWaiting({ ...coming, responders: [neighbour, ACCEPTED.responders[0]!] })).toBe(false);
    expect(isWaiting({ ...card(2, ACCEPTED), responders: [{ ...ACCEPTED.responders[0]!, answer: "withdrawn" }] })).toBe(true);
  });

  it("treats a kind that it does not know as urgent", () => {
    const unknown = card(1, { what: "landslide" as never }, 60);
    expect(houses(inOrder([card(2, { what: "flood" }, 1), unknown]))[0]).toBe("三组 1号");
  });
});

describe("merging", () => {
  it("never puts an older word over a newer one", () => {
    const lists = { open: [card(1, { answer: "coming", aver: 2 })], closed: [] };
    expect(withCard(lists, card(1, { answer: "accepted", aver: 1 }))).toBe(lists);
    expect(withCard(lists, card(1, { answer: "coming", aver: 2, presses: 2 })).open[0]?.presses).toBe(2);
  });

  it("moves a closed one to the closed list, and back when it is opened again", () => {
    const done = withCard({ open: [card(1)], closed: [] }, card(1, { answer: "closed", aver: 4 }));
    expect([done.open.length, done.closed.length]).toEqual([0, 1]);
    const again = withCard(done, card(1, { answer: "none", aver: 5 }));
    expect([again.open.length, again.closed.length]).toEqual([1, 0]);
  });
});

describe("selection", () => {
  const waiting = card(1, {}, 1);
  const inHand = card(2, ACCEPTED, 60);

  it("stays where the operator put it", () => {
    expect(selectionAfter([waiting, card(3)], [], card(3).id, false)).toBe(card(3).id);
  });

  it("goes to a new alarm when the selected one is in hand, but not while somebody writes", () => {
    expect(selectionAfter([waiting, inHand], [inHand], inHand.id, false)).toBe(waiting.id);
    expect(selectionAfter([waiting, inHand], [inHand], inHand.id, true)).toBe(inHand.id);
  });

  it("stays on the card that was just accepted, though another one waits", () => {
    expect(selectionAfter([waiting, inHand], [waiting, card(2)], inHand.id, false)).toBe(inHand.id);
  });

  it("takes the top when the selected one is gone, and nothing when all is quiet", () => {
    expect(selectionAfter([waiting, inHand], [], "gone", false)).toBe(waiting.id);
    expect(selectionAfter([], [], "gone", false)).toBeNull();
  });

  it("moves and stops at the ends", () => {
    expect(moved([waiting, inHand], waiting.id, 1)).toBe(inHand.id);
    expect(moved([waiting, inHand], inHand.id, 1)).toBe(inHand.id);
    expect(moved([waiting, inHand], null, 1)).toBe(waiting.id);
  });
});

describe("the timeline", () => {
  it("makes one line of lamps that lit one after the other", () => {
    const entries = ["opened", "lit", "lit", "lit", "press", "lit"].map((kind) => ({ at: "", kind, text_zh: "", text_en: "", detail: {} }));
    expect(gathered(entries).map((line) => [line.first.kind, line.count])).toEqual([["opened", 1], ["lit", 3], ["press", 1], ["lit", 1]]);
  });
});

describe("the people's axis", () => {
  const reached = (...args: Parameters<typeof peopleStairs>) => peopleStairs(...args).filter((stair) => stair.reached).length;

  it("rises with the answer and falls back when nobody stands by it", () => {
    expect((["none", "accepted", "coming", "arrived", "unanswered"] as const).map((answer) => reached(card(1, { answer })))).toEqual([0, 1, 2, 3, 0]);
  });

  it("offers only what may follow", () => {
    expect(nextAnswers(card(1))).toContain("accepted");
    expect(nextAnswers(card(1, ACCEPTED))).toEqual(["coming", "arrived", "withdrawn", "closed"]);
    expect(nextAnswers(card(1, { answer: "closed" }))).toEqual([]);
  });

  it("asks for proof before what may have hurt somebody is closed", () => {
    expect((["panic", "fire", "slope", "silent", "flood"] as const).map((what) => closeNeedsProof(card(1, { what })))).toEqual([true, true, true, true, false]);
  });
});
