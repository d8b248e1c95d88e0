/** How a locked month differs. Pure. */
import type { Value } from "./value";

/** How many figures are other in `after` than in `before`. */
export function differing(before: Readonly<Record<string, Value>>, after: Readonly<Record<string, Value>>): number {
  const same = (a: Value | undefined, b: Value | undefined) => a?.value === b?.value && a?.of === b?.of && a?.few === b?.few;
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !same(before[name], after[name])).length;
}
