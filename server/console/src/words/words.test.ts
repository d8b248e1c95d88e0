import { describe, expect, it } from "vitest";

import { URGENCY } from "../incident/order";
import names from "../testing/names.json";
import { en } from "./en";
import { natural } from "./natural";
import { zh } from "./zh";

// tests/console/test_words.py compares testing/names.json with the protocol, and looks for colours and shapes.
describe.each(names.whats)("an alarm about %s", (what) => {
  it.each([zh, en])("has words", ({ what: short, whatLong: long }) => {
    expect((short as Record<string, string>)[what]).toBeTruthy();
    expect((long as Record<string, string>)[what]).toBeTruthy();
  });

  it("has an urgency", () => expect(URGENCY).toHaveProperty(what));
});

it("orders groups and houses as people count them", () => {
  expect(["十一组", "三组", "二十组", "一组", "十组", "二组"].sort(natural)).toEqual(["一组", "二组", "三组", "十组", "十一组", "二十组"]);
  expect(["一组 10号", "一组 2号"].sort(natural)).toEqual(["一组 2号", "一组 10号"]);
});

describe.each(names.kinds)("a device of kind %s", (kind) => {
  it.each([zh, en])("has a name", ({ devices }) => expect(devices.kind[kind]).toBeTruthy());
});
