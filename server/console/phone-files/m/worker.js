// Keeps the phone's page for a valley without a signal. Only below /m/, and only the page itself: what is sent to the
// county or comes from it never goes through here. The page works without this file too.
//
// No trap: the page is always asked for at the county first, and what is kept is shown only where no answer comes. So a
// new version is there at the next visit with a signal, whatever an old one did.
const KEPT = "heartlamp-phone-1";
const PAGE = "/m/";
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => event.waitUntil(keepPage().then(() => self.skipWaiting())));

self.addEventListener("activate", (event) =>
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  ),
);

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(page());
  else if (url.pathname.startsWith("/assets/") || url.pathname.startsWith("/icon/")) event.respondWith(file(event.request));
});

/** The page and every file that it names, together or not at all; files of older pages go. */
async function keepPage() {
  const answer = await fetch(PAGE, { cache: "no-store", credentials: "same-origin" });
  if (!answer.ok) throw new Error("no page");
  const text = await answer.clone().text();
  const files = Array.from(new Set(text.match(/\/(?:assets|icon)\/[A-Za-z0-9._-]+/g) || []));
  const cache = await caches.open(KEPT);
  const known = await cache.keys();
  await Promise.all(files.map(async (path) => (await cache.match(path)) || cache.add(path)));
  await cache.put(PAGE, answer);
  await Promise.all(known.filter((one) => !files.includes(new URL(one.url).pathname) && new URL(one.url).pathname !== PAGE).map((one) => cache.delete(one)));
}

async function page() {
  const kept = caches.open(KEPT).then((cache) => cache.match(PAGE));
  const fresh = fetch(PAGE, { cache: "no-store", credentials: "same-origin" }).then((answer) => {
    if (!answer.ok) throw new Error(String(answer.status));
    void keepPage().catch(() => undefined);
    return answer;
  });
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS)).then(() => kept).then((found) => found || fresh);
  try {
    return await Promise.race([fresh, late]);
  } catch (_) {
    return (await kept) || Response.error();
  }
}

async function file(request) {
  const cache = await caches.open(KEPT);
  return (await cache.match(request)) || fetch(request);
}
