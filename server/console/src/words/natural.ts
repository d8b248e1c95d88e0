/** Names as people order them: 一组, 二组, 三组, 十一组; 2号 before 10号. Pure. */
const DIGITS = "零一二三四五六七八九";

/** Negative, zero or positive, as for sort. */
export function natural(a: string, b: string): number {
  return key(a).localeCompare(key(b), "en", { numeric: true });
}

function key(name: string): string {
  return name.replace(/[零一二三四五六七八九十]+/g, (said) => String(numberOf(said)));
}

/** Up to ninety-nine, as groups are counted. */
function numberOf(said: string): number {
  const [tens, ones] = said.includes("十") ? said.split("十") : ["", said];
  const digit = (one: string | undefined, none: number) => (one ? DIGITS.indexOf(one.at(-1)!) : none);
  return (said.includes("十") ? digit(tens, 1) * 10 : 0) + digit(ones, 0);
}
