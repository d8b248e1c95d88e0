import { ask } from "./send";
import { me } from "./session";

/** What was fetched once stays on the phone, for choosing from it where there is no signal. */
export async function kept<T>(name: string, path: string): Promise<T | null> {
  const key = `heartlamp.phone.kept.${name}`;
  const said = await ask<T>(path);
  try {
    if (said.body) localStorage.setItem(key, JSON.stringify(said.body));
    else return JSON.parse(localStorage.getItem(key) || "null") as T | null;
  } catch {
    // full: then it is asked for each time
  }
  return said.body;
}

export interface Place {
  id: number;
  level: string;
  name: string;
}

/** Where this person may choose: the areas of the own roles, and what lies right below the chosen one. */
export function ownAreas(roles: readonly string[]): number[] {
  const found = me.value ? me.value.roles.filter((one) => one.area !== null && roles.indexOf(one.role) >= 0) : [];
  return found.map((one) => one.area as number);
}

interface AreaList {
  areas: Place[];
}
interface AreaTold {
  path: Place[];
  groups: Place[];
}

/** Household groups below an area: of a grid its own, of a village those below, of a group itself. */
export async function groupsOf(area: number): Promise<Place[]> {
  const one = await kept<AreaTold>(`area.${area}`, `/api/areas/${area}`);
  if (!one) return [];
  const self = one.path[one.path.length - 1];
  if (self && self.level === "group") return [self];
  if (one.groups.length) return inOrder(one.groups);
  const below = await kept<AreaList>(`below.${area}`, `/api/areas?parent=${area}`);
  return below ? inOrder(below.areas.filter((each) => each.level === "group" || each.level === "village")) : [];
}

const NUMBERS = "零一二三四五六七八九十";

/** 一组, 二组, 三组: as people count, not as their letters stand. */
function inOrder(places: Place[]): Place[] {
  const rank = (name: string) => NUMBERS.indexOf(name.charAt(0));
  return places.slice().sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name));
}
