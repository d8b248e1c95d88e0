import type { Sound } from "./choice";

/** One tone: start in s within the pattern, length in s, pitch in Hz. */
export interface Tone {
  at: number;
  long: number;
  hertz: number;
}

export interface Pattern {
  tones: Tone[];
  /** Length of one round in s; it is played again until it is no longer asked for. */
  round: number;
  wave: OscillatorType;
}

/** Each tells itself apart with eyes closed: three quick rising pairs, two slow equal ones, one long falling. */
export const PATTERNS: Record<Exclude<Sound, "none">, Pattern> = {
  urgent: {
    wave: "square",
    round: 1.6,
    tones: [0, 0.32, 0.64].flatMap((at) => [
      { at, long: 0.13, hertz: 784 },
      { at: at + 0.14, long: 0.15, hertz: 1047 },
    ]),
  },
  steady: {
    wave: "triangle",
    round: 2.6,
    tones: [
      { at: 0, long: 0.4, hertz: 523 },
      { at: 0.55, long: 0.4, hertz: 523 },
    ],
  },
  lost: {
    wave: "sawtooth",
    round: 3,
    tones: [
      { at: 0, long: 0.5, hertz: 330 },
      { at: 0.5, long: 0.9, hertz: 220 },
    ],
  },
};
