import type { Component } from "vue";

import { desk } from "./desk/room";
import { figures } from "./figures/room";
import { fleet } from "./fleet/room";
import { map } from "./map/room";
import { matter } from "./matter/room";
import { office } from "./office/room";

/** A page of the console. Its address is `#/<name>/<id>`. */
export interface Page {
  name: string;
  /** The action of the table of permissions without which nobody is shown the way here: docs/permissions.md. */
  may: string;
  words: { zh: string; en: string };
  /** Loaded when it is first opened. The queue has none: it comes with the program, and is never waited for. */
  view?: () => Promise<{ default: Component }>;
  /** Not in the navigation: opened from another page. */
  inner?: boolean;
}

/** Pages that belong together; one entry of the header. */
export interface Room {
  name: string;
  words: { zh: string; en: string };
  pages: Page[];
}

export const ROOMS: Room[] = [desk, map, matter, fleet, figures, office];

/** The rooms and pages that somebody who may do `may` has. */
export function roomsFor(may: readonly string[]): Room[] {
  return ROOMS.map((room) => ({ ...room, pages: room.pages.filter((page) => may.includes(page.may)) })).filter((room) => room.pages.length);
}
