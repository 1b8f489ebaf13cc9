// Beside a ticket: which lines of the timeline are shown, mails as they were sent, tags that complete themselves, a timer.

import { t } from "./words.js";

const TAGS_AFTER_MS = 200;

const timeline = document.querySelector("[data-live=timeline]");
const filter = document.querySelector("[data-timeline-filter]");
if (timeline instanceof HTMLElement && filter instanceof HTMLElement) {
  filter.hidden = false;
  const buttons = [...filter.querySelectorAll("[data-show]")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      timeline.dataset.only = button.getAttribute("data-show") ?? "all";
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
    });
  }
}

// The frame is made when somebody asks for it: the server makes the mail safe only then.
document.addEventListener("toggle", (event) => {
  const details = event.target;
  if (!(details instanceof HTMLDetailsElement) || !details.open) return;
  const address = details.getAttribute("data-html");
  if (!address || details.querySelector("iframe")) return;
  const frame = document.createElement("iframe");
  frame.className = "mail";
  frame.title = t("The mail as it was sent");
  frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
  frame.referrerPolicy = "no-referrer";
  frame.src = address;
  details.append(frame);
}, true);

let asking = 0;
document.addEventListener("input", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !box.hasAttribute("data-tags")) return;
  clearTimeout(asking);
  asking = window.setTimeout(() => void complete(box), TAGS_AFTER_MS);
});

/** @param {HTMLInputElement} box */
async function complete(box) {
  const comma = box.value.lastIndexOf(",") + 1;
  const before = box.value.slice(0, comma);
  const answer = await fetch(`/api/v1/tags?q=${encodeURIComponent(box.value.slice(comma).trim())}`).catch(() => null);
  if (!answer?.ok || !box.list) return;
  const { items } = /** @type {{items: string[]}} */ (await answer.json());
  box.list.replaceChildren(...items.map((tag) => {
    const option = document.createElement("option");
    option.value = before ? `${before} ${tag}` : tag;
    return option;
  }));
}

// The region around the form is replaced now and then, so what the timer knows is kept here.
let started = 0;
document.addEventListener("click", (event) => {
  const button = event.target;
  if (!(button instanceof HTMLButtonElement) || !button.hasAttribute("data-timer")) return;
  const minutes = button.form?.elements.namedItem("minutes");
  if (started && minutes instanceof HTMLInputElement) {
    minutes.value = String(Math.max(1, Math.round((Date.now() - started) / 60_000)));
    started = 0;
  } else {
    started = Date.now();
  }
  button.textContent = started ? t("Stop the timer") : t("Start the timer");
});

function showTimers() {
  for (const button of document.querySelectorAll("[data-timer]")) {
    if (!(button instanceof HTMLElement)) continue;
    button.hidden = false;
    button.textContent = started ? t("Stop the timer") : t("Start the timer");
  }
}
showTimers();
document.addEventListener("towline:fresh", showTimers);
