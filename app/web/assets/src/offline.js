// Keeps the pages a farmer needs where there is no signal; always asks the network first.
const KEPT = "blao-pages";
const PAGES = ["/home", "/sell"];

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  const asset = path.startsWith("/assets/") && path !== "/assets/offline.js";
  const page = request.mode === "navigate" && PAGES.includes(path);
  if (request.method !== "GET" || !(asset || page)) return;
  event.respondWith(asset ? held(request) : fresh(request));
});

async function held(request) {
  const found = await caches.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) (await caches.open(KEPT)).put(request, answer.clone());
  return answer;
}

async function fresh(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) (await caches.open(KEPT)).put(new URL(request.url).pathname, answer.clone());
    return answer;
  } catch (fault) {
    const found = await caches.match(new URL(request.url).pathname);
    if (found) return found;
    throw fault;
  }
}
