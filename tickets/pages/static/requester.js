// A requester's ticket. The access key comes in the address's fragment, which no server sees; it is taken out of the
// address at once, kept in this browser, and sent only in the Authorization header.

import { copies } from "./copy.js";
import { make, need } from "./dom.js";
import { forgetKey, keepKey, knownKey, readKey } from "./keys.js";
import { Sentences, sentences } from "./sentences.js";
import { timeElement } from "./times.js";
import { Basket, gather, sizeWords } from "./upload.js";
import { t } from "./words.js";

const REFRESH_MS = 10_000;

/** @typedef {{id: string, name: string, size_bytes: number, shown: boolean}} Attachment */
/**
 * @typedef {{id: string, at: string, kind: string, who: string, role: string, text: string, internal: boolean, quoted: string,
 *   attachments: Attachment[]}} Entry
 */
/**
 * @typedef {{tracking: string, title: string, description: string, status: string, created_at: string,
 *   solution: string | null, assignee: {name: string} | null, timeline: Entry[], agent_online: boolean,
 *   allowed: string[], watchers: {name: string}[]}} Ticket
 */

/** @type {Record<string, string>} */
const STATUS = {
  new: t("New"), open: t("In progress"), waiting: t("Waiting for you"), resolved: t("Solved"), closed: t("Closed"),
};
const SPOKEN = new Set(["message", "resolved"]);
const WORKABLE = new Set(["new", "open", "waiting"]);

const number = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const api = `/api/v1/tickets/${encodeURIComponent(number)}`;
const locked = need(document, "#locked", HTMLElement);
const loading = need(document, "#loading", HTMLElement);
const shown = need(document, "#ticket", HTMLElement);
const reply = need(document, "#reply", HTMLFormElement);
const text = need(document, "#text", HTMLTextAreaElement);
const replyFault = need(document, "#reply-fault", HTMLElement);

let key = takeKey();
let before = "";
let spoken = new Sentences({});

/** @returns {string | null} */
function takeKey() {
  const given = location.hash ? readKey(location.hash) : null;
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (given !== null) {
    keepKey(number, given);
    return given;
  }
  return knownKey(number);
}

/** @param {HTMLElement} part */
function only(part) {
  for (const each of [locked, loading, shown]) each.hidden = each !== part;
}

/** @param {string} why */
function lock(why) {
  need(document, "#locked-why", HTMLElement).textContent = why;
  only(locked);
}

/** @param {Ticket} ticket @returns {string} */
function nextStep(ticket) {
  const who = ticket.assignee?.name;
  if (ticket.status === "resolved") return t("Solved. If it is not, write below: your answer opens the request again.");
  if (ticket.status === "closed") return t("This request is closed.");
  if (ticket.status === "waiting") return who
    ? t("{who} waits for your answer. Please write below.", { who })
    : t("The help desk waits for your answer. Please write below.");
  return who ? t("{who} is working on it.", { who }) : t("A technician will take your request soon. You need to do nothing.");
}

/** @param {Entry} entry @returns {HTMLElement} */
function line(entry) {
  if (!SPOKEN.has(entry.kind)) {
    const when = make("span", "small", timeElement(entry.at));
    return make("li", "event", `${spoken.say(entry.text)} `, when, ...filesOf(entry));
  }
  const mine = entry.role === "requester" || entry.role === "agent";
  const head = make("div", "by", make("b", "", mine ? t("You") : entry.who), " ", make("span", "small muted", timeElement(entry.at)));
  if (entry.kind === "resolved") head.append(make("span", "mark resolved", t("Solution")));
  const side = entry.kind === "resolved" ? "solution" : mine ? "ours" : "theirs";
  const rest = entry.quoted ? [make("details", "", make("summary", "", t("Quoted text")), make("p", "said muted", entry.quoted))] : [];
  return make("li", side, head, make("div", "bubble", make("p", "said", entry.text), ...rest, ...filesOf(entry)));
}

/**
 * The key may be in no address, so files are fetched with it and shown or saved from this page's own memory.
 * @param {Entry} entry @returns {HTMLElement[]}
 */
function filesOf(entry) {
  if (!entry.attachments?.length) return [];
  const pictures = entry.attachments.filter((file) => file.shown).map((file) => {
    const image = document.createElement("img");
    image.alt = file.name;
    void blobOf(file).then((blob) => { if (blob) image.src = URL.createObjectURL(blob); });
    return make("li", "", image);
  });
  const names = entry.attachments.map((file) => {
    const save = make("button", "quiet", file.name);
    save.setAttribute("type", "button");
    save.addEventListener("click", () => void saveFile(file));
    return make("li", "", save, " ", make("span", "small muted", sizeWords(file.size_bytes)));
  });
  return [...(pictures.length ? [make("ul", "pictures", ...pictures)] : []), make("ul", "files", ...names)];
}

/** @param {Attachment} file @returns {Promise<Blob | null>} */
async function blobOf(file) {
  try {
    const answer = await fetch(`${api}/attachments/${file.id}`, { headers: { authorization: `Bearer ${key}` }, credentials: "omit" });
    return answer.ok ? await answer.blob() : null;
  } catch {
    return null; // no network; loading the page again tries again
  }
}

/** @param {Attachment} file */
async function saveFile(file) {
  const blob = await blobOf(file);
  if (!blob) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Adds what is new, so that a screen reader reads that and nothing again; entries never change.
 * @param {Entry[]} entries
 */
function tell(entries) {
  const list = need(shown, "[data-timeline]", HTMLElement);
  const told = new Set([...list.children].map((item) => item.getAttribute("data-id")));
  for (const entry of entries) {
    if (told.has(entry.id)) continue;
    const item = line(entry);
    item.dataset.id = entry.id;
    list.append(item);
  }
}

/** @param {Ticket} ticket */
function show(ticket) {
  /** @param {string} name @param {string} words */
  const put = (name, words) => { need(shown, `[data-${name}]`, HTMLElement).textContent = words; };
  put("tracking", ticket.tracking);
  put("status", STATUS[ticket.status] ?? ticket.status);
  need(shown, "[data-status]", HTMLElement).className = `mark ${ticket.status}`;
  need(shown, "[data-since]", HTMLElement).replaceChildren(t("Sent"), " ", timeElement(ticket.created_at));
  put("title", ticket.title);
  put("description", ticket.description);
  put("next", nextStep(ticket));
  put("solution", ticket.solution ?? "");
  need(shown, "[data-solved]", HTMLElement).hidden = !ticket.solution || WORKABLE.has(ticket.status);
  tell(ticket.timeline);
  need(shown, "[data-connect]", HTMLElement).hidden = !WORKABLE.has(ticket.status);
  need(shown, "[data-online]", HTMLElement).hidden = !ticket.agent_online;
  need(shown, "[data-offline]", HTMLElement).hidden = ticket.agent_online;
  need(shown, "#join", HTMLElement).textContent = `towline-agent join ${location.origin}/t/${ticket.tracking}#${key ?? ""}`;
  const open = ticket.allowed.includes("reply") && ticket.status !== "closed";
  reply.hidden = !open;
  need(shown, "#over", HTMLElement).hidden = open;
  follow.hidden = !ticket.allowed.includes("follow-up");
  const told = ticket.watchers.map((watcher) => watcher.name).join(", ");
  need(shown, "[data-watchers]", HTMLElement).textContent = told ? t("Also told: {names}.", { names: told }) : "";
  document.title = `${ticket.tracking} ${ticket.title}`;
  only(shown);
}

/** @returns {Promise<void>} */
async function load() {
  if (key === null) return lock(t("This browser does not have the access key of this request."));
  let answer;
  try {
    answer = await fetch(api, { headers: { authorization: `Bearer ${key}` }, credentials: "omit" });
  } catch {
    // No network. What is shown stays; with nothing shown yet, say so.
    if (shown.hidden) lock(t("The help desk can’t be reached. Check your network and load the page again."));
    return;
  }
  if (answer.status === 404 || answer.status === 401 || answer.status === 403) {
    forgetKey(number);
    key = null;
    return lock(t("That key does not open this request. Check the tracking number in the address, and copy the whole key."));
  }
  if (!answer.ok) {
    if (shown.hidden) lock(t("The help desk has a problem at the moment. Load the page again in a minute."));
    return;
  }
  const body = await answer.text();
  if (body === before && !shown.hidden) return;
  before = body;
  spoken = await sentences();
  show(/** @type {Ticket} */ (JSON.parse(body)));
}

/** @param {string} words */
async function send(words) {
  replyFault.hidden = true;
  const answer = await fetch(`${api}/messages`, {
    method: "POST",
    headers: { authorization: `Bearer ${key ?? ""}`, "content-type": "application/json" },
    credentials: "omit",
    body: JSON.stringify({ text: words, attachments: await basket.ids() }),
  });
  if (answer.ok) {
    text.value = "";
    basket.clear();
    await load();
    return;
  }
  const problem = answer.headers.get("content-type")?.includes("json")
    ? /** @type {{detail?: string}} */ (await answer.json()) : {};
  throw new Refused(problem.detail ? (await sentences()).say(problem.detail) : t("Please try again in a minute."));
}

class Refused extends Error {}

const chooser = need(reply, "[data-files]", HTMLElement);
const basket = new Basket(
  need(chooser, "[data-files-list]", HTMLElement), () => `${api}/attachments`, () => ({ authorization: `Bearer ${key ?? ""}` }),
);
gather(chooser, reply, (files) => {
  basket.add(files);
  need(chooser, "input", HTMLInputElement).value = "";
});

const follow = need(document, "#follow", HTMLFormElement);
const followText = need(follow, "textarea", HTMLTextAreaElement);
const followFault = need(follow, "#follow-fault", HTMLElement);

/** A closed request stays closed; what happens again is a new one, which this browser opens at once. */
async function followUp() {
  const answer = await fetch(`${api}/follow-up`, {
    method: "POST",
    headers: { authorization: `Bearer ${key ?? ""}`, "content-type": "application/json" },
    credentials: "omit",
    body: JSON.stringify({ text: followText.value }),
  });
  if (!answer.ok) {
    const problem = answer.headers.get("content-type")?.includes("json")
      ? /** @type {{detail?: string}} */ (await answer.json()) : {};
    throw new Refused(problem.detail ? (await sentences()).say(problem.detail) : t("Please try again in a minute."));
  }
  const made = /** @type {{tracking: string, requester_token: string}} */ (await answer.json());
  followText.value = "";
  location.assign(`/t/${encodeURIComponent(made.tracking)}#${made.requester_token}`);
}

follow.addEventListener("submit", (event) => {
  event.preventDefault();
  if (followText.value.trim() === "") return;
  followFault.hidden = true;
  const button = need(follow, "button", HTMLButtonElement);
  button.disabled = true;
  followUp().catch((error) => {
    const why = error instanceof Refused ? error.message : t("The help desk can’t be reached at the moment.");
    followFault.textContent = t("Not sent: {why} What you wrote is still here.", { why });
    followFault.hidden = false;
  }).finally(() => { button.disabled = false; });
});

reply.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = need(reply, "button", HTMLButtonElement);
  if (text.value.trim() === "") return;
  button.disabled = true;
  send(text.value).catch((error) => {
    const why = error instanceof Refused ? error.message : t("The help desk can’t be reached at the moment.");
    replyFault.textContent = t("Not sent: {why} What you wrote is still here.", { why });
    replyFault.hidden = false;
  }).finally(() => { button.disabled = false; });
});

need(document, "#unlock", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const given = readKey(need(locked, "#key", HTMLInputElement).value);
  if (given === null) return lock(t("An access key has 43 letters and digits. Please copy the whole of it."));
  key = given;
  keepKey(number, given);
  only(loading);
  void load();
});

need(document, "#forget", HTMLButtonElement).addEventListener("click", () => {
  forgetKey(number);
  key = null;
  before = "";
  need(shown, "#join", HTMLElement).textContent = "";
  lock(t("Forgotten. This browser no longer has the access key."));
});
copies(need(document, "#copy-join", HTMLButtonElement), () => need(shown, "#join", HTMLElement).textContent);

// The link was opened again in a tab that shows the page already.
window.addEventListener("hashchange", () => {
  key = takeKey();
  void load();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden && key !== null) void load(); });
setInterval(() => { if (!document.hidden && key !== null && !shown.hidden) void load(); }, REFRESH_MS);

need(document, "#unscripted", HTMLElement).remove();
only(loading);
void load();
