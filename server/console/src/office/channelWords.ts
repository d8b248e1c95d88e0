import { spoken } from "../words/spoken";

export const say = spoken(
  {
    title: "通知渠道",
    lead: "县里怎样通知到人。只有电话能叫醒人；一条渠道坏了，其余照常发。",
    wrong: (n: number) => `${n} 条渠道要处理`,
    well: "没有要处理的渠道",
    noTelephone: "没有能打电话的渠道：夜里没有人会被叫醒。请在 server.toml 的 [notification] 里配置。",
    names: { app: "控制台", voice: "电话", sms: "短信", mail: "邮件", village: "村网关" } as Record<string, string>,
    state: { well: "正常", fault: "有问题", away: "没有配置" },
    wakes: "能叫醒人",
    waiting: (n: number) => `${n} 条待发`,
    since: (when: string) => `${when}发现`,
    seats: (feeds: number, staffed: number, posts: number) => `${feeds} 个屏幕在线，${posts} 个岗位中 ${staffed} 个有人`,
  },
  {
    title: "Channels",
    lead: "How the county reaches people. Only a telephone wakes anybody; where one channel fails, the others go on.",
    wrong: (n) => `${n} ${n === 1 ? "channel needs" : "channels need"} somebody`,
    well: "No channel needs anybody",
    noTelephone: "No channel rings a telephone: at night nobody is woken. Set one up under [notification] in server.toml.",
    names: { app: "console", voice: "telephone", sms: "SMS", mail: "mail", village: "village gateways" },
    state: { well: "well", fault: "faulty", away: "not set up" },
    wakes: "wakes people",
    waiting: (n) => `${n} waiting`,
    since: (when) => `found ${when}`,
    seats: (feeds, staffed, posts) => `${feeds} ${feeds === 1 ? "screen" : "screens"} connected, ${staffed} of ${posts} posts staffed`,
  },
);
