// All requests of one person, with the key out of a mailed link. It is taken out of the address at once and kept in
// this page only.

import { make, need } from "./dom.js";
import { timeElement } from "./times.js";
import { t } from "./words.js";

/** @typedef {{tracking: string, title: string, status: string, updated_at: string, link: string}} Own */

/** @type {Record<string, string>} */
const STATUS = {
  new: t("New"), open: t("In progress"), waiting: t("Waiting for you"), resolved: t("Solved"), closed: t("Closed"),
};

const ask = need(document, "#ask", HTMLElement);
const list = need(document, "#list", HTMLElement);
const trouble = need(document, "#trouble", HTMLElement);

/** @param {Own} own */
function line(own) {
  const link = /** @type {HTMLAnchorElement} */ (make("a", "", own.title));
  link.href = own.link;
  const about = make("span", "meta", make("span", "number", own.tracking), " ",
    make("span", `mark ${own.status}`, STATUS[own.status] ?? own.status), " ", timeElement(own.updated_at));
  link.append(about);
  return make("li", "", link);
}

/** @param {string} key */
async function open(key) {
  const answer = await fetch("/api/v1/my/requests", {
    method: "POST",
    headers: { "content-type": "application/json" },
    credentials: "omit",
    body: JSON.stringify({ key }),
  });
  if (!answer.ok) {
    need(ask, "#over", HTMLElement).hidden = answer.status !== 410;
    trouble.hidden = answer.status === 410;
    return;
  }
  const found = /** @type {{items: Own[]}} */ (await answer.json());
  need(list, "[data-list]", HTMLElement).replaceChildren(...found.items.map(line));
  need(list, "#none", HTMLElement).hidden = found.items.length > 0;
  ask.hidden = true;
  list.hidden = false;
}

function look() {
  const key = location.hash.slice(1);
  if (!key) return;
  history.replaceState(null, "", location.pathname);
  open(key).catch(() => { trouble.hidden = false; });
}

window.addEventListener("hashchange", look);
look();
