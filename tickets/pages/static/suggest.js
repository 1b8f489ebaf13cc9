// Articles that may help, under the title while it is typed.

import { make } from "./dom.js";

const PAUSE_MS = 250;

/** @typedef {{id: string, title: string, category: string}} Article */

/** @param {string} title @returns {string[]} what to look for, best first; all words of a search must match */
export function searches(title) {
  const words = [...new Set(title.match(/[\p{L}\p{N}_]{4,}/gu) ?? [])];
  const longest = [...words].sort((a, b) => b.length - a.length).slice(0, 3);
  return words.length > 1 ? [words.slice(0, 8).join(" "), ...longest] : longest;
}

/** @param {string} title @param {AbortSignal} signal @returns {Promise<Article[]>} */
async function find(title, signal) {
  for (const search of searches(title)) {
    const answer = await fetch(`/api/v1/articles?q=${encodeURIComponent(search)}`, { signal });
    if (!answer.ok) return [];
    const items = /** @type {{items: Article[]}} */ (await answer.json()).items;
    if (items.length > 0) return items.slice(0, 4);
  }
  return [];
}

/** @param {HTMLInputElement} input @param {HTMLElement} box */
function watch(input, box) {
  const reading = location.pathname.startsWith("/console") ? "/console/articles" : "/articles";
  let timer = 0;
  let running = new AbortController();

  /** @param {Article[]} articles */
  const show = (articles) => {
    box.hidden = articles.length === 0;
    if (articles.length === 0) return box.replaceChildren();
    const list = make("ul", "plain");
    for (const article of articles) {
      const link = document.createElement("a");
      link.href = `${reading}/${encodeURIComponent(article.id)}`;
      link.target = "_blank";
      link.rel = "noopener";
      link.append(article.title, make("span", "out-of-sight", " (opens beside this page)"));
      list.append(make("li", "", link));
    }
    box.replaceChildren(make("p", "label", "This may help at once:"), list);
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
