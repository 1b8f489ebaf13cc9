// Articles that may help, under the title while it is typed; the one that solved it needs no request.

import { make } from "./dom.js";
import { t } from "./words.js";

const PAUSE_MS = 250;
const SHORTEST = 3;
const MOST = 4;

/** @typedef {{id: string, title: string, excerpt: string}} Article */

/** @param {string} title @param {AbortSignal} signal @returns {Promise<Article[]>} */
async function find(title, signal) {
  if (title.trim().length < SHORTEST) return [];
  const answer = await fetch(`/api/v1/articles/suggestions?title=${encodeURIComponent(title)}`, { signal });
  if (!answer.ok) return [];
  return /** @type {{items: Article[]}} */ (await answer.json()).items.slice(0, MOST);
}

/** @param {string} article @returns {Promise<boolean>} whether it was counted */
async function solved(article) {
  const answer = await fetch(`/api/v1/articles/${encodeURIComponent(article)}/outcome`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ outcome: "solved" }),
  });
  return answer.ok;
}

/** @param {HTMLInputElement} input @param {HTMLElement} box */
function watch(input, box) {
  const reading = location.pathname.startsWith("/console") ? "/console/articles" : "/articles";
  let timer = 0;
  let running = new AbortController();

  /** @param {Article} article */
  const item = (article) => {
    const link = document.createElement("a");
    link.href = `${reading}/${encodeURIComponent(article.id)}`;
    link.target = "_blank";
    link.rel = "noopener";
    const opens = make("span", "out-of-sight", " ", t("(opens beside this page)"));
    link.append(make("span", "", article.title, opens), make("small", "", article.excerpt));
    const button = make("button", "", t("This solved it"), make("span", "out-of-sight", `: ${article.title}`));
    button.setAttribute("type", "button");
    button.addEventListener("click", () => void thank(article, button));
    return make("li", "row spread", link, button);
  };

  /** @param {Article} article @param {HTMLElement} button */
  const thank = async (article, button) => {
    button.setAttribute("disabled", "");
    try {
      if (!(await solved(article.id))) throw new TypeError("not counted");
      const home = make("a", "button", t("All answers"));
      home.setAttribute("href", "/articles");
      box.replaceChildren(make("p", "", t("Good. Then nothing has to be sent."), " "), home);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      button.removeAttribute("disabled");
    }
  };

  /** @param {Article[]} articles */
  const show = (articles) => {
    box.hidden = articles.length === 0;
    if (articles.length === 0) return box.replaceChildren();
    const list = make("ul", "plain");
    list.append(...articles.map(item));
    box.replaceChildren(make("p", "label", t("This may help at once:")), list);
  };

  const look = async () => {
    running.abort();
    running = new AbortController();
    try {
      show(await find(input.value, running.signal));
    } catch (error) {
      // A newer search, or no network: what is shown stays, and the form works without it.
      if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    }
  };

  box.className = "say";
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void look(), PAUSE_MS);
  });
  if (input.value) void look();
}

if (typeof document !== "undefined") {
  for (const input of document.querySelectorAll("input[data-suggest]")) {
    const box = document.getElementById(input.getAttribute("data-suggest") ?? "");
    if (input instanceof HTMLInputElement && box) watch(input, box);
  }
}
