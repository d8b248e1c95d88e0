import { get, type Form } from "../api/ask";

/** Villages that this person can speak to, with the way down to each: areas are asked for level by level. */
export interface Speakable {
  id: number;
  name: string;
  township: string;
}

export async function villages(): Promise<Speakable[]> {
  const found: Speakable[] = [];
  async function below(parent: number | undefined, above: string): Promise<void> {
    const { areas } = await get("/api/areas", {}, { parent });
    for (const area of areas) {
      if (area.level === "village") found.push({ id: area.id, name: area.name, township: above });
      else if (["city", "county", "township"].includes(area.level)) await below(area.id, area.name);
    }
  }
  await below(undefined, "");
  return found;
}

/** What became of one: the last word of each of its gateways that said something; "waits" until one does. Pure. */
export function stateOf(line: Form["BroadcastLine"]): { state: string; why: string } {
  const last = new Map(line.heard.map((word) => [word.gateway, word]));
  const words = [...last.values()];
  const failed = words.find((word) => word.state === "failed");
  const named = failed ?? words.find((word) => word.state === "sent") ?? words.at(-1);
  return { state: named?.state ?? "waits", why: named?.why ?? "" };
}
