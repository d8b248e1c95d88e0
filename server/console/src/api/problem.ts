import { words } from "../words";
import { ApiError } from "./client";

/** An error as two sentences: what happened, what to do. */
export function inWords(error: unknown): { happened: string; todo: string } {
  const say = words.value.state;
  if (error instanceof ApiError && error.status === 0) return { happened: say.noServer, todo: say.noServerDo };
  if (error instanceof ApiError && error.happened) return { happened: error.happened, todo: error.todo };
  return { happened: say.unknownError, todo: say.unknownErrorDo };
}
