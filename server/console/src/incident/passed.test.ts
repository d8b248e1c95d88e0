import { expect, it } from "vitest";

import type { Me, Passed } from "../api/types";
import { ACCEPTED, card } from "../testing/card";
import { passedToMe, withPassed } from "./passed";

const me = (area: number | null, role = "operator") => ({ roles: [{ role, area }] }) as unknown as Me;
const passed = (n: number, area: number | null): [string, Passed] => [card(n).id, { id: card(n).id, area, from: "柳河镇", to: "庆丰县", at: "" }];

it("is what was passed on to a post of mine and still waits", () => {
  const told = new Map([passed(1, 3), passed(2, null), passed(3, 3)]);
  const queue = [card(1), card(2), card(3, ACCEPTED)];
  expect(passedToMe(me(3), told, queue).map((one) => one.card.id)).toEqual([card(1).id]);
  expect(passedToMe(me(null), told, queue).map((one) => one.card.id)).toEqual([card(2).id]);
  expect(passedToMe(me(3, "technician"), told, queue)).toEqual([]);
  expect(passedToMe(null, told, queue)).toEqual([]);
});

it("keeps the last time of each, whoever says it first", () => {
  const at = (n: number, area: number | null, minute: number): Passed => ({ ...passed(n, area)[1], at: `2026-05-01T12:0${minute}:00+00:00` });
  const feed = withPassed(new Map(), [at(1, null, 2)]);
  const both = withPassed(feed, [at(1, 3, 1), at(2, 3, 1)]);
  expect(both.get(card(1).id)?.area).toBeNull();
  expect(both.get(card(2).id)?.area).toBe(3);
  expect(withPassed(both, [at(1, 3, 3)]).get(card(1).id)?.area).toBe(3);
});
