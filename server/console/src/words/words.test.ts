import { describe, expect, it } from "vitest";

import { URGENCY } from "../incident/order";
import names from "../testing/names.json";
import { en } from "./en";
import { zh } from "./zh";

// tests/console/test_words.py compares testing/names.json with the protocol, and looks for colours and shapes.
describe.each(names.whats)("an alarm about %s", (what) => {
  it.each([zh, en])("has words", ({ what: short, whatLong: long }) => {
    expect((short as Record<string, string>)[what]).toBeTruthy();
    expect((long as Record<string, string>)[what]).toBeTruthy();
  });

  it("has an urgency", () => expect(URGENCY).toHaveProperty(what));
});

describe.each(names.kinds)("a device of kind %s", (kind) => {
  it.each([zh, en])("has a name", ({ devices }) => expect(devices.kind[kind]).toBeTruthy());
});
