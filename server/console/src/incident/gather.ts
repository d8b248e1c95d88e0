import type { TimelineEntry } from "../api/types";

/** One line of the timeline: an entry, or several lamps that lit one after the other. */
export interface Line {
  first: TimelineEntry;
  count: number;
}

/** Lamps that lit one after the other become one line: seven of them must not push the press off the screen. */
export function gathered(entries: TimelineEntry[]): Line[] {
  const lines: Line[] = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    if (entry.kind === "lit" && last?.first.kind === "lit") last.count += 1;
    else lines.push({ first: entry, count: 1 });
  }
  return lines;
}
