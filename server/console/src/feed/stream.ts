import type { Card, Notice, Passed } from "../api/types";

export interface StreamEars {
  opened(): void;
  incident(card: Card, cursor: string): void;
  notice(notice: Notice, cursor: string): void;
  passed?(passed: Passed, cursor: string): void;
  ping(now: string, cursor: string): void;
  reset(): void;
  error(): void;
}

/** Opens the server's event stream after `cursor`; returns how to close it. The browser's own reconnecting is not
 * used: it hides the loss and says nothing about when it tries again. */
export function openStream(cursor: string, ears: StreamEars): () => void {
  const source = new EventSource(`/api/feed?cursor=${encodeURIComponent(cursor)}`);
  const on = (name: string, hear: (data: string, cursor: string) => void) =>
    source.addEventListener(name, (event: MessageEvent<string>) => hear(event.data, event.lastEventId));
  source.onopen = () => ears.opened();
  source.onerror = () => {
    source.close();
    ears.error();
  };
  on("incident", (data, id) => ears.incident(JSON.parse(data) as Card, id));
  on("notice", (data, id) => ears.notice(JSON.parse(data) as Notice, id));
  on("passed", (data, id) => ears.passed?.(JSON.parse(data) as Passed, id));
  on("ping", (data, id) => ears.ping((JSON.parse(data) as { now: string }).now, id));
  on("reset", () => ears.reset());
  return () => source.close();
}
