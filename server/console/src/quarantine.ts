/** The bytes of a refused frame as readable text: what is not printable shows as ␀-style pictures or \xNN. Pure. */
export function readableFrame(base64: string): string {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
  } catch {
    return base64;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/[\u0000-\u001f\u007f]/g, escaped);
  } catch {
    return [...bytes].map((one) => (one >= 32 && one < 127 ? String.fromCharCode(one) : `\\x${hex(one)}`)).join("");
  }
}

/** The server's reason in words of this language, where one is known; null where only the original can say it. */
export function reasonWords(reason: string, known: [string, string][]): string | null {
  const lower = reason.toLowerCase();
  return known.find(([part]) => lower.includes(part))?.[1] ?? null;
}

function escaped(char: string): string {
  return `\\x${hex(char.charCodeAt(0))}`;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}
