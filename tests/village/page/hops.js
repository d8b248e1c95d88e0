// The strip of the last press: where the alarm has been so far, and when.

const STATIONS = [
  ["pressed", "按下", "pressed"],
  ["stored", "存入设备", "stored in the device"],
  ["sent", "发出", "sent"],
  ["heard", "村已收到", "village has it"],
  ["received", "县已收到", "county has it"],
  ["neighbours lit", "邻居灯亮", "neighbours lit"],
  ["shown", "指挥台显示", "shown at the centre"],
  ["accepted", "已受理", "accepted"],
  ["coming", "正在赶来", "coming"],
  ["arrived", "已到场", "arrived"],
  ["closed", "已办结", "closed"],
];
const ALWAYS = 8; // stations that stand there before they are reached

/** Draws `hops` ([{hop, ms}], ms since the press, null where it was so before) into the list element. */
export function drawHops(list, hops) {
  const at = new Map(hops.map(({ hop, ms }) => [hop, ms]));
  list.replaceChildren(
    ...STATIONS.filter(([name], index) => index < ALWAYS || at.has(name)).map(([name, zh, en]) => {
      const ms = at.get(name);
      const item = document.createElement("li");
      item.dataset.hop = name;
      item.className = ms === undefined ? "hop" : "hop hop--reached";
      const already = ms === null;
      item.append(
        text("b", ms === undefined ? "–" : already ? "已亮" : msWords(ms), "hop__ms"),
        text("span", zh, "hop__zh"),
        text("small", already ? "lit already" : en, "hop__en"),
      );
      return item;
    }),
  );
}

export function msWords(ms) {
  if (ms === 0) return "0";
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 10_000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

function text(tag, words, className) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = words;
  if (className === "hop__en") element.lang = "en";
  return element;
}
