// Pages that stay up to date: the server says over one websocket that something changed, and the page fetches itself
// again and takes over the regions marked with data-live. What a person is busy in stays until they leave it.

import { tellAll } from "./times.js";
import { t } from "./words.js";

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
const GATHER_MS = 150;
const IDLE_MS = 8_000;

const main = document.getElementById("main");
const from = main?.dataset.from || location.pathname + location.search;
const tracking = document.querySelector("[data-tracking]")?.getAttribute("data-tracking") ?? "";
const state = document.querySelector("[data-live-state]");
const regions = [...document.querySelectorAll("[data-live]")];
const wanted = new Set(regions.flatMap((region) => (region.getAttribute("data-live-on") ?? "").split(" ")));

/** @param {string} words */
function say(words) {
  if (!(state instanceof HTMLElement)) return;
  state.hidden = words === "";
  state.textContent = words;
}

let pressed = false; // nothing moves away under a finger
let putOff = false;

/** @param {Element} region @param {Element} fresh @returns {boolean} */
function isBusy(region, fresh) {
  if (pressed) return true;
  const focused = document.activeElement;
  if (focused && region.contains(focused) && focused.matches("input, select, textarea")) return true;
  if (region.querySelector("details[open]")) return true;
  const keep = region.querySelector("[data-keep-until]")?.getAttribute("data-keep-until");
  return keep ? fresh.querySelector(keep) === null : false;
}

/** @param {Element} region @param {Element} fresh */
function take(region, fresh) {
  const focused = document.activeElement;
  const mark = focused instanceof HTMLElement && region.contains(focused) ? focused : null;
  const again = mark ? `${mark.tagName}${mark.getAttribute("href") ? `[href="${CSS.escape(mark.getAttribute("href") ?? "")}"]` : ""}` : "";
  region.replaceChildren(...fresh.childNodes);
  const next = again ? region.querySelector(again) : null;
  if (next instanceof HTMLElement) next.focus({ preventScroll: true });
}

async function refresh() {
  const answer = await fetch(from, { headers: { accept: "text/html" } });
  if (answer.redirected && new URL(answer.url).pathname === "/console/login") {
    say(t("You are logged out. Load the page again to log in; what you typed stays."));
    return;
  }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of regions) {
    const next = fresh.querySelector(`[data-live="${region.getAttribute("data-live")}"]`);
    // Compared without the words of times, which times.js rewrites.
    if (!next || shape(next) === shape(region)) continue;
    if (isBusy(region, next)) putOff = true;
    else take(region, document.adoptNode(next));
  }
  tellAll();
  document.dispatchEvent(new Event("towline:fresh"));
}

/** @param {Element} region @returns {string} */
function shape(region) {
  const copy = /** @type {Element} */ (region.cloneNode(true));
  for (const time of copy.querySelectorAll("time")) {
    time.textContent = "";
    time.removeAttribute("title");
  }
  return copy.innerHTML;
}

let gathering = 0;
function soon() {
  if (gathering) return;
  gathering = window.setTimeout(() => {
    gathering = 0;
    refresh().catch((error) => {
      // No network at the moment: the socket notices too and says so.
      if (!(error instanceof TypeError)) throw error;
    });
  }, GATHER_MS);
}

/** @param {unknown} data @returns {boolean} whether this page shows what changed */
function concerns(data) {
  if (typeof data !== "string") return false;
  const event = /** @type {{type?: string, what?: string, tracking?: string | null}} */ (JSON.parse(data));
  if (event.type === "hello") return true; // what happened while there was no socket
  if (event.type !== "changed" || !wanted.has(event.what ?? "")) return false;
  return tracking === "" || !event.tracking || event.tracking === tracking;
}

// Who else is on this ticket's page, and what this page says about its own technician.
const company = document.querySelector("[data-company]");
const typed = document.querySelector("[data-typing]");
/** @type {WebSocket | null} */
let open = null;
let doing = "looking";
let idle = 0;

/** @param {string} now */
function tellDoing(now) {
  doing = now;
  if (company && tracking && open?.readyState === WebSocket.OPEN) {
    open.send(JSON.stringify({ type: "here", tracking, doing }));
  }
}

typed?.addEventListener("input", () => {
  clearTimeout(idle);
  idle = window.setTimeout(() => tellDoing("looking"), IDLE_MS);
  if (doing !== "typing") tellDoing("typing");
});

/** @param {string} data */
function meet(data) {
  const event = /** @type {{type?: string, tracking?: string, people?: {name: string, doing: string}[]}} */ (JSON.parse(data));
  if (event.type !== "company" || event.tracking !== tracking || !(company instanceof HTMLElement)) return;
  const people = event.people ?? [];
  const words = people.map(({ name, doing: what }) => (
    what === "typing" ? t("{name} is writing an answer.", { name }) : t("{name} has this request open.", { name })
  ));
  company.hidden = words.length === 0;
  company.textContent = words.join(" ");
}

let retry = FIRST_RETRY_MS;
function again() {
  open = null;
  if (company instanceof HTMLElement) company.hidden = true;
  say(t("Not up to date at the moment; trying again …"));
  setTimeout(() => void listen(), retry * (0.75 + Math.random() / 2));
  retry = Math.min(retry * 1.5, LONGEST_RETRY_MS);
}

async function listen() {
  let ticket = "";
  try {
    const answer = await fetch("/api/v1/live", { method: "POST" });
    if (answer.status === 401) return say(t("You are logged out. Load the page again to log in; what you typed stays."));
    if (!answer.ok) return again();
    ticket = /** @type {{socket_ticket: string}} */ (await answer.json()).socket_ticket;
  } catch {
    return again(); // no network, or an answer that was cut off
  }
  const socket = new WebSocket(new URL("/live", location.href.replace(/^http/, "ws")));
  socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "live-hello", ticket })));
  socket.addEventListener("message", (message) => {
    retry = FIRST_RETRY_MS;
    say("");
    if (open !== socket) {
      // The first message says that the socket is good.
      open = socket;
      tellDoing(doing);
    }
    if (typeof message.data === "string") meet(message.data);
    if (concerns(message.data)) soon();
  });
  socket.addEventListener("close", again);
}

/** What was put off is done when the person has let go. */
function catchUp() {
  pressed = false;
  if (putOff) soon();
  putOff = false;
}
document.addEventListener("pointerdown", () => { pressed = true; }, true);
for (const end of ["pointerup", "pointercancel", "focusout"]) document.addEventListener(end, () => setTimeout(catchUp, 0), true);

// After a sleep the socket may be dead without knowing it yet.
document.addEventListener("visibilitychange", () => { if (!document.hidden && regions.length > 0) soon(); });

if (regions.length > 0) void listen();
