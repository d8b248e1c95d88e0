import { computed, ref, shallowRef } from "vue";

import { me } from "../session";
import { ofLanguage, send } from "../send";
import { openKeep, type Keep } from "./keep";
import { bodyAt, fate, freshId, mine, next, pause, type Clocks, type Waiting } from "./model";

/** What waits, of everybody who signed in here; what was only noted, to be told. */
const all = shallowRef<Waiting[]>([]);
export interface Noted {
  id: string;
  act: string;
  about: string;
  place: string;
  why: string;
}
export const noted = shallowRef<Noted[]>([]);
export const waiting = computed(() => (me.value ? mine(all.value, me.value.name) : []));
/** false: closing the page loses what waits. */
export const kept = ref(true);

const LIFE = freshId((bytes) => crypto.getRandomValues(bytes));
const SEEN_EVERY_MS = 15_000;

let keep: Keep | undefined;
let opened: Promise<Keep> | undefined;
let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
let sending = false;
const doneEars: ((one: Waiting) => void)[] = [];

function clocks(): Clocks {
  return { wall: Date.now(), ticks: performance.now(), life: LIFE };
}

async function store(): Promise<Keep> {
  opened = opened || openKeep();
  keep = await opened;
  kept.value = keep.kind === "disk";
  return keep;
}

/** Once, at the start of the page. */
export async function startQueue(): Promise<void> {
  all.value = await (await store()).all();
  addEventListener("online", () => now());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && now());
  setInterval(() => void noteTime(), SEEN_EVERY_MS);
  now();
}

export function whenDone(hear: (one: Waiting) => void): void {
  doneEars.push(hear);
}

export interface Wanted {
  method: "POST" | "PUT";
  /** With {id} in it, where the id stands. */
  path: string;
  body: Record<string, unknown> | ArrayBuffer;
  timed?: boolean;
  act: string;
  about?: string;
  place?: string;
  id?: string;
}

/** Kept on the phone when this returns; then it is sent. Returns its id. */
export async function enqueue(wanted: Wanted): Promise<string> {
  const at = clocks();
  const id = wanted.id || newId();
  const one: Waiting = {
    n: 0,
    id,
    person: me.value ? me.value.name : "",
    method: wanted.method,
    path: wanted.path.replace("{id}", id),
    body: wanted.body,
    timed: wanted.timed === true,
    made_ms: at.wall,
    ticks_ms: at.ticks,
    life: at.life,
    seen_ms: at.wall,
    act: wanted.act,
    about: wanted.about || "",
    place: wanted.place || "",
    why: "",
  };
  const added = await (await store()).add(one);
  kept.value = keep!.kind === "disk";
  all.value = all.value.concat(added);
  now();
  return id;
}

export function newId(): string {
  return freshId((bytes) => crypto.getRandomValues(bytes));
}

/** Somebody read why it was refused. */
export async function forget(one: Waiting): Promise<void> {
  await (await store()).remove(one.n);
  all.value = all.value.filter((other) => other.n !== one.n);
}

export function forgetNoted(id: string): void {
  noted.value = noted.value.filter((one) => one.id !== id);
}

/** Tries at once instead of at the next time. */
export function now(): void {
  clearTimeout(timer);
  void work();
}

async function work(): Promise<void> {
  if (sending) return;
  sending = true;
  try {
    for (;;) {
      const one = me.value ? next(all.value, me.value.name) : undefined;
      if (!one) return;
      const said = await send<{ state?: string; why?: string }>(one.method, one.path, bodyAt(one, clocks()));
      const became = fate(one, said.status);
      if (became === "again") {
        failures += 1;
        timer = setTimeout(() => now(), pause(failures));
        if (said.status === 401 && me.value) me.value = null;
        return;
      }
      failures = 0;
      if (became === "refused") await replaceWith({ ...one, why: `${said.error}${said.todo ? `。${said.todo}` : ""}` || String(said.status) });
      else {
        if (said.body && said.body.state === "noted") {
          noted.value = noted.value.concat({ id: one.id, act: one.act, about: one.about, place: one.place, why: ofLanguage(said.body.why || "") });
        }
        await forget(one);
        doneEars.forEach((hear) => hear(one));
      }
    }
  } finally {
    sending = false;
  }
}

async function replaceWith(one: Waiting): Promise<void> {
  await (await store()).put(one);
  all.value = all.value.map((other) => (other.n === one.n ? one : other));
}

/** The highest time that the phone's clock showed, so that one that is set back is known even after a new start. */
async function noteTime(): Promise<void> {
  const wall = Date.now();
  for (const one of all.value) {
    if (one.timed && wall > one.seen_ms + SEEN_EVERY_MS / 2) await replaceWith({ ...one, seen_ms: wall });
  }
}
