import { call } from "./client";
import type { components, paths } from "./openapi";

/** Any form of the contract by its name. */
export type Form = components["schemas"];

type Verb<P extends keyof paths, V extends "get" | "post" | "put"> = NonNullable<paths[P][V]>;
type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer T } } } } ? T : unknown;
type Body<O> = O extends { requestBody: { content: { "application/json": infer T } } } ? T : Record<string, never>;
type Gets = { [P in keyof paths]: paths[P] extends { get: unknown } ? P : never }[keyof paths];
type Posts = { [P in keyof paths]: paths[P] extends { post: unknown } ? P : never }[keyof paths];
type Puts = { [P in keyof paths]: paths[P] extends { put: unknown } ? P : never }[keyof paths];
/** Values for what stands in braces in a path, and after its question mark; what is undefined is not sent. */
type At = Record<string, string | number>;
type Query = Record<string, string | number | boolean | undefined>;

/** What the county says at `path`. ApiError: it refused, in words; status 0: no answer came. */
export function get<P extends Gets>(path: P, at: At = {}, query: Query = {}): Promise<Answer<Verb<P, "get">>> {
  return call(filled(path, at) + asked(query));
}

/** Changes something at `path`; errors as for `get`. */
export function post<P extends Posts>(path: P, at: At, body: Body<Verb<P, "post">>): Promise<Answer<Verb<P, "post">>> {
  return call(filled(path, at), body);
}

/** The same, where said twice is said once. */
export function put<P extends Puts>(path: P, at: At, body: Body<Verb<P, "put">>): Promise<Answer<Verb<P, "put">>> {
  return call(filled(path, at), body, "PUT");
}

export function filled(path: string, at: At): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(at[name])));
}

export function asked(query: Query): string {
  const given = Object.entries(query).filter((pair): pair is [string, string | number | boolean] => pair[1] !== undefined);
  return given.length ? `?${given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}` : "";
}
