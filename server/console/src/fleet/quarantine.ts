import type { Notice } from "../api/types";
import type { Words } from "../words/zh";

/** What the county and the gateways say, in English, when they refuse or doubt something. Whole beginnings, because a
 * reason may quote what a stranger wrote. testing/reasons.json holds every reason of the Python code. */
const PATTERNS = {
  unknown_device: /^unknown device\b/,
  revoked: /^device \S+ was revoked$/,
  other_name: /^[a-z][a-z0-9.]* spoke in the name of /,
  other_village: /^wrong mac for .*, through another village's gateway$/,
  reading: /^wrong mac for a reading of /,
  wrong_mac: /^wrong mac$/,
  other_body: /^another body under the (same )?id/,
  other_owner: /^the event id belongs to another device$/,
  other_topic: /^a frame of \S+ on the topic of /,
  events_topic: /^a reading on the topic for events$/,
  too_large: /^frame of \d+ bytes, at most /,
  no_age: /^not a frame: it must begin with the age$/,
  order: /^not a frame: mac and body must follow in this order$/,
  age: /^the age is /,
  mac_form: /^the mac is not 64 hex characters$/,
  not_json: /^not (JSON|a JSON object)$/,
  version: /^protocol version /,
  kind: /^unknown kind /,
  missing: /^\w+ is missing or not (allowed|a whole number)/,
  values: /^(values must be|a value's name is not allowed|value \S+ is not a whole number)/,
  no_incident: /^\w+ to an incident that is not known here/,
  nothing_to_cancel: /^cancels, but this site has no incident$/,
  note_name: /^note \S+ has another gateway's name$/,
  note_kind: /^unknown note /,
  note_answer: /^unknown answer /,
  note_alone: /^\w+ without an incident$/,
  note_stranger: /^\w+ of an unknown device /,
  note_device: /^\w+ of \S+, which is another village's$/,
  note_no_lamp: /^lit of \S+, which is a [^,]+$/,
  note_incident: /^\w+ for \S+, which is another village's incident$/,
  note_of_one: /^a gateway of one says only /,
  not_a_word: /^not a word of \w+$/,
  not_carried: /^a word of \S+, which it may not carry$/,
  old_token: /^a request with a token that is valid no more/,
  request: /^a request (that cannot be read: |in the name of |of more than )/,
  too_many: /^too many unreadable frames, \d+ not kept$/,
  too_hard: /^the county could not take it in /,
  silent: /^gateway \S+ is silent for /,
  back: /^gateway \S+ is there again$/,
} satisfies Record<string, RegExp>;

export type Reason = keyof typeof PATTERNS;

/** Where the reason says better than the verdict what it is. */
const HEADS: Partial<Record<Reason, keyof Words["quarantine"]["head"]>> = {
  unknown_device: "unknown",
  revoked: "revoked",
  other_name: "name",
  other_village: "name",
  other_owner: "name",
  other_topic: "name",
  not_carried: "name",
  other_body: "clash",
  nothing_to_cancel: "cancel",
  note_name: "note",
  note_kind: "note",
  note_answer: "note",
  note_alone: "note",
  note_stranger: "note",
  note_device: "note",
  note_no_lamp: "note",
  note_incident: "note",
  note_of_one: "note",
  silent: "silent",
  back: "back",
};

/** A gateway that refused something itself says for whom, and how much of a long frame it kept. */
function bare(reason: string): string {
  return reason.replace(/^[a-z][a-z0-9]{3,19}: /, "").replace(/; \d+ of \d+ bytes go up$/, "");
}

export function reasonOf(reason: string): Reason | null {
  const said = bare(reason);
  return (Object.keys(PATTERNS) as Reason[]).find((key) => PATTERNS[key].test(said)) ?? null;
}

/** The reason in words of this language, where one is known; null where only the original can say it. */
export function reasonWords(reason: string, words: Words): string | null {
  const key = reasonOf(reason);
  return (key && words.quarantine.reasons[key]) ?? null;
}

/** What it is, in two to ten words. */
export function headWords(verdict: Notice["verdict"], reason: string, words: Words): string {
  const key = reasonOf(reason);
  const head = key && HEADS[key];
  return head ? words.quarantine.head[head] : (words.quarantine.verdict[verdict] ?? "");
}

/** One line about something that was just refused or is in doubt. */
export function noticeWords(notice: Notice, words: Words): string {
  const why = reasonWords(notice.reason, words) ?? notice.reason;
  return [headWords(notice.verdict, notice.reason, words), notice.user || notice.gateway, why].filter(Boolean).join(" · ");
}
