/** The server refuses in both languages, "中文 · English": the half that is read. What is not clearly two halves stays whole. */
export function ofLang(said: string, reads: "zh" | "en"): string {
  const [zh, en, more] = said.split(" · ");
  if (!zh || !en || more !== undefined || !/\p{Script=Han}/u.test(zh) || /\p{Script=Han}/u.test(en)) return said;
  return reads === "zh" ? zh : en;
}
