// How the help was. The key comes in the address's fragment, which no server sees; opening the page records nothing,
// since mail programs and scanners open links. One click on an answer does.

import { need } from "./dom.js";
import { sentences } from "./sentences.js";
import { LOCALE, t } from "./words.js";

const number = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const part = need(document, "#rate", HTMLElement);
const form = need(part, "#answer", HTMLFormElement);
const comment = need(part, "#comment", HTMLTextAreaElement);
const thanks = need(part, "#thanks", HTMLElement);
const fault = need(part, "#fault", HTMLElement);
const buttons = [...form.querySelectorAll("button")];

/** @type {Record<string, string>} */
const WORDS = { good: t("Good"), ok: t("So so"), bad: t("Bad") };

const given = /^#([A-Za-z0-9_-]{43})(?:\.(good|ok|bad))?$/.exec(location.hash);
// Out of the address, so that it is neither in the history nor copied along.
if (location.hash) history.replaceState(null, "", location.pathname);
const key = given?.[1] ?? null;

/** @param {string} words */
function refuse(words) {
  thanks.hidden = true;
  fault.textContent = words;
  fault.hidden = false;
}

/** @param {string} rating */
function mark(rating) {
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.value === rating));
    button.classList.toggle("main", button.value === rating);
  }
}

/** @param {string} rating */
async function send(rating) {
  const answer = await fetch(`/api/v1/tickets/${encodeURIComponent(number)}/rating`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    credentials: "omit",
    body: JSON.stringify({ key, rating, comment: comment.value }),
  });
  if (answer.ok) {
    const told = /** @type {{changeable_until: string}} */ (await answer.json());
    const until = new Date(told.changeable_until).toLocaleDateString(LOCALE);
    fault.hidden = true;
    mark(rating);
    thanks.textContent = t("Thank you: “{word}” is written down. You can change it until {day}.", { word: WORDS[rating] ?? rating, day: until });
    thanks.hidden = false;
    return;
  }
  const problem = answer.headers.get("content-type")?.includes("json")
    ? /** @type {{detail?: string}} */ (await answer.json()) : {};
  refuse(problem.detail ? (await sentences()).say(problem.detail) : t("Please try again in a minute."));
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "";
  if (!WORDS[chosen]) return;
  for (const button of buttons) button.disabled = true;
  send(chosen).catch(() => refuse(t("The help desk can’t be reached at the moment. Please try again in a minute.")))
    .finally(() => { for (const button of buttons) button.disabled = false; });
});

need(document, "#unscripted", HTMLElement).remove();
need(part, "[data-tracking]", HTMLElement).textContent = number;
part.hidden = false;
if (key === null) {
  form.hidden = true;
  refuse(t("This link is not whole. Please open it from the mail again."));
} else if (given?.[2]) {
  // What was clicked in the mail is one more click or key press away.
  buttons.find((button) => button.value === given[2])?.focus();
}

// The link was opened again in a tab that shows the page already.
window.addEventListener("hashchange", () => { if (location.hash) location.reload(); });
