/** A phone as people call it, out of what its browser says of itself: "Android · WeChat". */
export function phoneName(agent: string): string {
  const system = /iPhone|iPad/.test(agent) ? "iPhone" : /Android/.test(agent) ? "Android" : /Windows/.test(agent) ? "Windows" : /Mac OS/.test(agent) ? "Mac" : /Linux/.test(agent) ? "Linux" : "";
  const browser = /MicroMessenger/.test(agent) ? "微信 WeChat" : /Edg\//.test(agent) ? "Edge" : /Chrome/.test(agent) ? "Chrome" : /Firefox/.test(agent) ? "Firefox" : /Safari/.test(agent) ? "Safari" : "";
  return [system, browser].filter(Boolean).join(" · ") || "?";
}
