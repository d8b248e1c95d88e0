import { expect, it } from "vitest";

import { phoneName } from "./agent";

it("a phone is called as people call it", () => {
  expect(phoneName("Mozilla/5.0 (Linux; Android 10; M) AppleWebKit/537.36 Chrome/86 Mobile Safari/537.36 MicroMessenger/8.0")).toBe("Android · 微信 WeChat");
  expect(phoneName("Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) AppleWebKit/605 Version/15.0 Mobile Safari/604.1")).toBe("iPhone · Safari");
  expect(phoneName("")).toBe("?");
});
