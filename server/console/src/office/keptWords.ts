import { spoken } from "../words/spoken";

export const say = spoken(
  {
    title: "保存期限",
    lead: "资料保存到有人需要为止，不再更久。服务器每天删除到期的，每次都记入审计日志。天数在 server.toml 里改。",
    columns: { what: "资料", days: "保存", setting: "设置", why: "为什么" },
    days: (n: number) => `${n} 天`,
    always: "一直",
    fixed: "固定",
    ran: (at: string) => `上次清理：${at}`,
    never: "还没有清理过",
    took: (n: number) => `删除 ${n} 行`,
    what: {
      pictures: ["照片", "给去的人和之后几天的医生看；作证据由警方在此之前调取"], words: ["人写的话（备注、处置、回访）", "办结后起算；统计要比去年，投诉多在两年内"], households: ["住户资料", "最后一台设备撤销后起算；住户收回同意则立即"],
      readings: ["设备读数", "电池和信号的毛病几周内看得出"], messages: ["通知记录", "回答当时通知了谁"], notes: ["网关说过的话", "它可能再说一遍的时间"], courses: ["呼叫进程", "办结后起算；叫了谁留在时间线"],
      quarantine: ["不可信的数据", "查是谁发的"], browsers: ["认得的浏览器", "登录用"], steps: ["警情的步骤和时间", "统计由此算出；只有角色、门牌号和区域"], audit: ["审计日志", "只有编号；有缺口就证明不了什么"],
    } as Record<string, string[]>,
  },
  {
    title: "Retention",
    lead: "Kept as long as somebody needs it, and no longer. The server deletes once a day, and each run is a row of the audit log. Days are set in server.toml.",
    columns: { what: "What", days: "How long", setting: "Setting", why: "Why so long" },
    days: (n) => `${n} days`,
    always: "always",
    fixed: "fixed",
    ran: (at) => `Last run: ${at}`,
    never: "It has not run yet",
    took: (n) => `${n} ${n === 1 ? "row" : "rows"} deleted`,
    what: {
      pictures: ["Pictures", "for who comes, and the doctor of the next days; police ask for evidence by then"], words: ["What people typed of a call", "after it was closed; figures are compared with last year's, complaints come within two"], households: ["What households gave", "after their last device was revoked; at once where they take it back"],
      readings: ["Readings", "a battery's end and a bad radio show within weeks"], messages: ["Messages", "to answer who was told and when"], notes: ["What a gateway noted", "as long as it may say it again"], courses: ["How a call's course went", "after it was closed; who was called stands on the timeline"],
      quarantine: ["Frames that could not be believed", "to find who sent them"], browsers: ["Known browsers", "for signing in"], steps: ["Steps and times of calls", "figures are reckoned from them; they name roles, houses by number and areas"], audit: ["The audit log", "ids only; a chain with holes proves nothing"],
    },
  },
);
