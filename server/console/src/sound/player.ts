import { ref } from "vue";

import type { Sound } from "./choice";
import { PATTERNS } from "./patterns";

/** Plays patterns through WebAudio. `unlocked` is false until the browser lets us: it wants one touch or key first. */
export const unlocked = ref(false);
export const playing = ref<Sound>("none");

const VOLUME = 0.22;
const LOUD = 0.6;
let loud = false;
let audio: AudioContext | null = null;
let out: GainNode | null = null;
let again: ReturnType<typeof setTimeout> | undefined;

/** Asks the browser for sound. Call it within a click or key press. */
export async function unlock(): Promise<void> {
  audio ??= new AudioContext();
  if (audio.state !== "running") await audio.resume().catch(() => undefined);
  audio.onstatechange = () => (unlocked.value = audio?.state === "running");
  unlocked.value = audio.state === "running";
  if (unlocked.value && playing.value !== "none" && !out) round();
}

/** Louder from now on, or not any more. */
export function playLouder(louder: boolean): void {
  document.documentElement.dataset.loud = String(louder);
  if (louder === loud) return;
  loud = louder;
  if (out && playing.value !== "none") out.gain.value = loud ? LOUD : VOLUME;
}

/** Plays `sound` round after round until another one is asked for. */
export function play(sound: Sound): void {
  document.documentElement.dataset.sound = sound; // what is asked for, whether or not a loudspeaker is there
  if (sound === playing.value) return;
  playing.value = sound;
  round();
}

/** One round of a pattern, for the test of the loudspeaker; an alarm that sounds is not disturbed. */
export async function sample(sound: Exclude<Sound, "none">): Promise<void> {
  await unlock();
  if (playing.value !== "none" || !audio || !unlocked.value) return;
  hush();
  schedule(sound);
}

function round(): void {
  hush();
  const sound = playing.value;
  if (sound === "none" || !audio || audio.state !== "running") return; // unlock() starts it again
  schedule(sound);
  again = setTimeout(round, PATTERNS[sound].round * 1000);
}

function schedule(sound: Exclude<Sound, "none">): void {
  if (!audio) return;
  const { tones, wave } = PATTERNS[sound];
  out = audio.createGain();
  out.gain.value = loud ? LOUD : VOLUME;
  out.connect(audio.destination);
  for (const tone of tones) {
    const from = audio.currentTime + 0.02 + tone.at;
    const oscillator = audio.createOscillator();
    const envelope = audio.createGain();
    oscillator.type = wave;
    oscillator.frequency.value = tone.hertz;
    envelope.gain.setValueAtTime(0, from);
    envelope.gain.linearRampToValueAtTime(1, from + 0.012); // no click at the edges
    envelope.gain.setValueAtTime(1, from + tone.long - 0.03);
    envelope.gain.linearRampToValueAtTime(0, from + tone.long);
    oscillator.connect(envelope).connect(out);
    oscillator.start(from);
    oscillator.stop(from + tone.long);
  }
}

function hush(): void {
  clearTimeout(again);
  out?.disconnect();
  out = null;
}
