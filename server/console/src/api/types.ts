/** The county's API, by its own document: openapi.json is `heartlamp-server openapi`, openapi.ts is made of it at each build.
 * Times are ISO 8601 with a zone. */
import type { components } from "./openapi";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type Card = Schemas["Card"];
export type Responder = Schemas["Responder"];
export type IncidentList = Schemas["Incidents"];
export type IncidentDetail = Schemas["IncidentTold"];
export type TimelineEntry = Schemas["Line"];
export type AnswerRequest = Required<Schemas["Said"]>;
export type DeviceSite = Schemas["SiteView"];
export type Device = Schemas["DeviceView"];
export type GatewayList = Schemas["Gateways"];
export type Gateway = Schemas["GatewayView"];
export type Quarantine = Schemas["Quarantine"];
export type Evidence = Schemas["Piece"];

export type What = Card["what"];
export type GivenAnswer = AnswerRequest["answer"];
export type How = AnswerRequest["how"];

/** An alarm that nobody accepted in time was passed on to a post: `area` null, the county's. */
export type Passed = Schemas["PassedOn"];

/** What the feed says when something was refused or is in doubt; the feed is no part of the OpenAPI document. */
export interface Notice {
  at: string;
  gateway: string;
  user: string;
  verdict: Evidence["verdict"];
  reason: string;
}
