/** People in a list. Pure. */
import type { Form } from "../api/ask";

export type Person = Form["PersonView"];
export type AccountState = "on" | "second" | "called" | "off";
export const GIVEN = ["operator", "commander", "grid_worker", "group_head", "volunteer", "police", "department", "technician", "auditor", "administrator", "family"] as const;

export function accountOf(person: Person): AccountState {
  return person.disabled ? "off" : !person.account ? "called" : person.second ? "second" : "on";
}

/** Whether somebody is meant by what was typed: every word of it is in the name, a role or an area. `roleName`: as it is said here. */
export function fits(person: Person, typed: string, roleName: (role: string) => string): boolean {
  const about = [person.name, person.display, ...person.roles.flatMap((one) => [roleName(one.role), one.area_name, one.site, one.unit])].join(" ").toLowerCase();
  return typed.toLowerCase().split(/\s+/).every((word) => about.includes(word));
}

/** Lines or commas to a list without blanks. */
export function lines(text: string): string[] {
  return text.split(/[\n,，;；]+/).map((one) => one.trim()).filter(Boolean);
}

/** The last moment of a local day as ISO, null of none. */
export function endOf(day: string): string | null {
  return day ? new Date(`${day}T23:59:59`).toISOString() : null;
}
