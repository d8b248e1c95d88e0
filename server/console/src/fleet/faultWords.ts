import { spoken } from "../words/spoken";

const zh = {
  title: "报修",
  lead: "住户、巡查的人报的设备毛病，最早的在最前。修好一件，点掉一件。",
  none: "没有要修的",
  noneHint: "谁都可以扫灯上的码报修；巡查时也能报。",
  what: { dark: "灯不亮", button: "按钮坏了", sound: "声音不对", moved: "被移走、掉下来", wet: "进水、烧坏", other: "别的毛病" } as Record<string, string>,
  source: { code: "扫码报修", phone: "住户手机", family: "亲属", patrol: "巡查" } as Record<string, string>,
  times: (n: number) => `报过 ${n} 次`,
  since: (words: string) => `${words}报的`,
  end: "已修好",
  all: "全部村",
  count: (n: number) => `${n} 件`,
};

const en: typeof zh = {
  title: "Faults that were reported",
  lead: "What households and patrols reported of devices, oldest first. Tick off what is mended.",
  none: "Nothing to mend",
  noneHint: "Anybody may report a fault by the code on a lamp, and patrols do.",
  what: { dark: "No light", button: "Button broken", sound: "Odd sound", moved: "Moved or fallen", wet: "Wet or burnt", other: "Something else" },
  source: { code: "by the label", phone: "household's phone", family: "family", patrol: "patrol" },
  times: (n) => `reported ${n}×`,
  since: (words) => `${words}`,
  end: "Mended",
  all: "All villages",
  count: (n) => `${n}`,
};

export const faultWords = spoken(zh, en);
