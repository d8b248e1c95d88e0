import type { Notice } from "./api/types";
import type { Words } from "./words/zh";

/** The server's reason in words of this language, where one is known; null where only the original can say it. */
export function reasonWords(reason: string, known: [string, string][]): string | null {
  const lower = reason.toLowerCase();
  return known.find(([part]) => lower.includes(part))?.[1] ?? null;
}

/** One line about something that was just refused or is in doubt. */
export function noticeWords(notice: Notice, words: Words): string {
  const why = reasonWords(notice.reason, words.quarantine.reasons) ?? notice.reason;
  return [words.quarantine.verdict[notice.verdict], notice.user || notice.gateway, why].filter(Boolean).join(" · ");
}
