/** What the county's API says. Times are ISO 8601 with a zone. Written by hand until the server's OpenAPI document is here. */

export type What = "panic" | "fire" | "gas" | "flood" | "silent";
export type PeoplesAnswer = "none" | "unanswered" | "accepted" | "coming" | "arrived" | "closed";
export type GivenAnswer = "accepted" | "coming" | "arrived" | "withdrawn" | "closed";
export type How = "arrived" | "spoke_to" | "";

export interface Me {
  name: string;
  display: string;
}

export interface Site {
  id: string;
  name: string;
  address: string;
  landmark: string;
}

export interface Responder {
  who: string;
  answer: string;
  at: string;
}

export interface Card {
  id: string;
  what: What;
  site: Site;
  /** From the county down to the household group. */
  path: string[];
  opened_at: string;
  /** When it was pressed; null where the press is of an earlier boot and nobody knows. */
  observed_at: string | null;
  time_unknown: boolean;
  presses: number;
  last_press_at: string;
  answer: PeoplesAnswer;
  /** Rises with each change of the people's answer. */
  aver: number;
  who: string;
  unverified: boolean;
  cancelled: boolean;
  /** Neighbours' lamps that reported to be lit, and how many were asked. */
  lit: number;
  lit_of: number;
  responders: Responder[];
  closed_at: string | null;
}

export interface IncidentList {
  now: string;
  cursor: string;
  incidents: Card[];
}

export interface TimelineEntry {
  at: string;
  kind: string;
  text_zh: string;
  text_en: string;
  detail: Record<string, unknown>;
}

export interface IncidentDetail {
  now: string;
  incident: Card;
  timeline: TimelineEntry[];
}

export interface AnswerRequest {
  answer: GivenAnswer;
  who: string;
  how: How;
  note: string;
}

export interface Notice {
  kind: string;
  text_zh: string;
  text_en: string;
  at: string;
}

export interface Device {
  id: string;
  kind: string;
  online: boolean;
  last_seen: string | null;
  overdue: boolean;
}

export interface DeviceSite {
  id: string;
  name: string;
  path: string[];
  devices: Device[];
}

export interface Gateway {
  id: string;
  village: string;
  last_contact: string | null;
  online: boolean;
}

export interface Quarantined {
  at: string;
  verdict: string;
  reason: string;
  gateway: string;
  user: string;
  device: string;
  bytes: number;
  frame_b64: string;
}
