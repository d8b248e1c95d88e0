/** Which figure stands where. A figure that is in no group stands in the last one, so that none is lost. Pure. */
import type { Form } from "../api/ask";

type Definition = Form["DefinitionView"];

const GROUPS: [name: string, begin: string[]][] = [
  ["alarms", ["alarms", "merged", "completed", "reopened", "cancelled"]],
  ["speed", ["on_time", "unrung", "accept", "dispatch", "arrive.", "close."]],
  ["arrival", ["arrived", "closed_unarrived"]],
  ["end", ["false"]],
  ["said", ["said"]],
  ["devices", ["online", "unproven", "drilled"]],
  ["cards", ["cards"]],
  ["matters", [""]],
];
export const TILES = ["alarms", "completed", "on_time", "accept.p50", "arrive.p90", "false", "online", "drilled"] as const;
export const RULE = ["on_time.accept", "on_time.coming", "on_time.arrive"] as const;
/** Columns of the table of the areas below. */
export const COLUMNS: Record<string, string[]> = {
  alarms: ["alarms", "completed", "on_time", "accept.p50", "arrive.p50", "false"],
  devices: ["online", "unproven", "drilled"],
  matters: ["matters", "matters.reported", "matters.done", "matters.another"],
  said: ["said.satisfied", "said.unsatisfied", "said.words", "said.silent"],
};

export function grouped(definitions: readonly Definition[]): { name: string; figures: Definition[] }[] {
  const at = (name: string) => GROUPS.findIndex(([, begins]) => begins.some((begin) => name.startsWith(begin)));
  return GROUPS.map(([name], n) => ({ name, figures: definitions.filter((one) => at(one.name) === n) }))
    .filter((group) => group.figures.length)
    .sort((a, b) => Number(a.name === "cards") - Number(b.name === "cards"));
}
