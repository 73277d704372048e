// A form marked data-draft is kept on the device before it is sent, and until the server has taken
// it. Its idempotency key is kept with it, so that sending it twice has one effect.
const box = document.getElementById("drafts");
const person = document.querySelector("meta[name=person]")?.content;
const badge = document.getElementById("network");

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("blao", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("drafts", { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store(mode, work) {
  const base = await opened();
  return new Promise((resolve, reject) => {
    const request = work(base.transaction("drafts", mode).objectStore("drafts"));
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

const keep = (draft) => store("readwrite", (drafts) => drafts.put(draft));
const drop = (key) => store("readwrite", (drafts) => drafts.delete(key));
const mine = async () => (await store("readonly", (drafts) => drafts.getAll())).filter((one) => one.person === person);

async function send(draft) {
  const body = new FormData();
  for (const [name, value] of draft.entries) body.append(name, value);
  body.set("csrf_token", document.querySelector("meta[name=csrf]")?.content || "");
  const answer = await fetch(draft.address, { method: "POST", body, credentials: "same-origin" });
  const signedOut = answer.status === 401 || new URL(answer.url).pathname === "/sign-in";
  if (answer.ok && answer.redirected && !signedOut) {
    await drop(draft.key);
    return { state: "sent", address: answer.url };
  }
  if (signedOut) return { state: "out" };
  return { state: answer.status === 422 ? "refused" : "unsent" };
}

async function sendAll() {
  if (!person || !navigator.onLine) return show();
  await navigator.locks.request("drafts", async () => {
    for (const draft of await mine()) {
      await keep({ ...draft, state: "sending" });
      await show();
      let result = { state: "unsent" };
      try {
        result = await send(draft);
      } catch {
        // The line broke off: the draft stays, and its key makes the next try harmless.
      }
      if (result.state === "sent") show(draft);
      else await keep({ ...draft, state: result.state });
    }
  });
  await show();
}

function line(text, ...buttons) {
  const row = document.createElement("div");
  row.className = "box warn";
  row.append(Object.assign(document.createElement("p"), { textContent: text }), ...buttons);
  return row;
}

function button(text, work) {
  return Object.assign(document.createElement("button"), { type: "button", textContent: text, onclick: work });
}

function door() {
  return Object.assign(document.createElement("a"), { className: "button", href: "/sign-in", textContent: box.dataset.door });
}

let sent = [];
async function show(done) {
  if (!box || !person) return;
  if (done) sent.push(done.summary);
  const words = box.dataset;
  const rows = (await mine()).map((draft) =>
    line(`${words[draft.state] || words.unsent}: ${draft.summary}`, button(words.again, sendAll), button(words.drop, async () => {
      await drop(draft.key);
      show();
    })),
  );
  box.replaceChildren(...sent.map((text) => line(`${words.sent}: ${text}`)), ...rows);
  box.hidden = !box.children.length;
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-draft]") || event.submitter?.formMethod === "get") return;
  event.preventDefault();
  const entries = [...new FormData(form).entries()].filter(([name]) => name !== "csrf_token");
  const echo = form.querySelector("[data-echo]")?.textContent;
  const chosen = form.querySelector("[name=commodity]:checked")?.dataset.name || "";
  const draft = {
    key: form.elements.idempotency_key.value, person, entries, state: "unsent",
    address: form.getAttribute("action"), summary: [chosen, echo].filter(Boolean).join(", "),
  };
  await keep(draft);
  form.querySelectorAll("button").forEach((one) => (one.disabled = true));
  let result = { state: "unsent" };
  try {
    result = await send(draft);
  } catch {
    // Offline: what was typed is kept.
  }
  if (result.state === "sent") {
    location.assign(result.address);
  } else if (result.state === "refused") {
    await drop(draft.key);
    form.querySelectorAll("button").forEach((one) => (one.disabled = false));
    HTMLFormElement.prototype.submit.call(form);
  } else {
    await show();
    box.prepend(result.state === "out" ? line(box.dataset.out, door()) : line(box.dataset.kept));
    box.hidden = false;
    box.scrollIntoView();
    form.reset();
    form.elements.idempotency_key.value = crypto.randomUUID();
    form.querySelectorAll("button").forEach((one) => (one.disabled = false));
  }
});

function network() {
  if (badge) badge.hidden = navigator.onLine;
  if (navigator.onLine) sendAll();
}

addEventListener("online", network);
addEventListener("offline", network);
network();

addEventListener("load", () => {
  if (person) navigator.serviceWorker?.register("/assets/offline.js", { scope: "/" });
  else if (navigator.serviceWorker) caches.keys().then((names) => names.forEach((name) => caches.delete(name)));
});
