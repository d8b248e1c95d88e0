import { ref, shallowRef } from "vue";

import type { Card } from "../../api/types";
import { feedStep, OFF, type Feed, type FeedEvent } from "../../feed/machine";
import { openStream } from "../../feed/stream";
import { setCountyTime } from "../../time/clock";
import { ask } from "../send";
import { me, whoAmI } from "../session";

/** The calls near by, kept up by the county's stream, and by asking every 10 s where there is none. The last list stays
 * on the phone: in a valley one sees what one saw last, and that it is old. */
export const cards = shallowRef<Card[]>([]);
export const heardAt = ref(0);
export const state = ref<"first" | "live" | "old">("first");

const KEPT = "heartlamp.phone.near";
const POLL_MS = 10_000;
let feed: Feed = OFF;
let close: () => void = () => undefined;
let generation = 0;
let ticking: ReturnType<typeof setInterval> | undefined;

export function startNear(): void {
  restore();
  clearInterval(ticking);
  ticking = setInterval(() => step({ kind: "tick" }), 1000);
  if (typeof EventSource === "undefined") {
    clearInterval(ticking);
    ticking = setInterval(() => void load(), POLL_MS);
    void load();
  } else step({ kind: "start" });
}

export function stopNear(): void {
  clearInterval(ticking);
  step({ kind: "stop" });
  cards.value = [];
  localStorage.removeItem(KEPT);
}

export function reload(): void {
  void load();
}

function step(event: FeedEvent): void {
  const [after, effects] = feedStep(feed, event, Date.now());
  feed = after;
  if (feed.phase === "live") state.value = "live";
  else if (feed.phase === "lost" && state.value === "live") state.value = "old";
  effects.forEach((effect) => {
    if (effect === "load") void load();
    else if (effect === "probe") void whoAmI();
    else {
      close();
      close = () => undefined;
      generation += 1;
      if (effect === "connect") close = connect(generation);
    }
  });
}

async function load(): Promise<void> {
  const mine = ++generation;
  const said = await ask<{ now: string; cursor: string; incidents: Card[] }>("/api/incidents?state=open&limit=200");
  if (mine !== generation) return;
  if (said.status === 401) me.value = null;
  if (!said.body) {
    if (state.value !== "first" || cards.value.length) state.value = "old";
    step({ kind: "load failed" });
    return;
  }
  setCountyTime(said.body.now);
  keep(said.body.incidents);
  step({ kind: "loaded", cursor: said.body.cursor });
}

function connect(mine: number): () => void {
  const ifMine = (act: () => void) => {
    if (mine === generation) act();
  };
  const heard = (cursor: string) => {
    heardAt.value = Date.now();
    step({ kind: "heard", cursor });
  };
  return openStream(feed.cursor, {
    opened: () => ifMine(() => step({ kind: "opened" })),
    incident: (card, cursor) =>
      ifMine(() => {
        keep(cards.value.filter((one) => one.id !== card.id).concat(card.closed_at === null ? [card] : []));
        heard(cursor);
      }),
    notice: (_, cursor) => ifMine(() => heard(cursor)),
    ping: (now, cursor) =>
      ifMine(() => {
        setCountyTime(now);
        heard(cursor);
      }),
    reset: () => ifMine(() => step({ kind: "reset" })),
    error: () => ifMine(() => step({ kind: "error" })),
  });
}

function keep(found: Card[]): void {
  cards.value = found;
  heardAt.value = Date.now();
  state.value = "live";
  try {
    // Nothing of a silent alarm stays on a phone that somebody may take away.
    const told = found.filter((one) => one.what !== "silent");
    localStorage.setItem(KEPT, JSON.stringify({ at: heardAt.value, person: me.value?.name, cards: told }));
  } catch {
    // full: then there is no old list
  }
}

function restore(): void {
  try {
    const old = JSON.parse(localStorage.getItem(KEPT) || "null") as { at: number; person: string; cards: Card[] } | null;
    if (old && old.person === me.value?.name) {
      cards.value = old.cards;
      heardAt.value = old.at;
      state.value = "old";
    }
  } catch {
    // nothing that can be read
  }
}
