// How long a join code is still good.

import { make } from "./dom.js";
import { t } from "./words.js";

/**
 * Counts from what the server says is left, since a clock here may be wrong.
 * @param {HTMLElement} place
 * @param {number} left_s
 */
function count(place, left_s) {
  const until = performance.now() + left_s * 1000;
  const left = make("strong", "");
  place.replaceChildren(left);
  const tell = () => {
    const seconds = Math.max(0, Math.ceil((until - performance.now()) / 1000));
    left.textContent = seconds > 0
      ? t("Good for {time} more, for one computer.", { time: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` })
      : t("This code is over. Load the page again to make a new one.");
    if (seconds === 0) clearInterval(timer);
  };
  const timer = setInterval(tell, 1_000);
  tell();
}

for (const place of document.querySelectorAll("[data-countdown]")) {
  if (place instanceof HTMLElement && place.dataset.countdown) count(place, Number(place.dataset.countdown));
}
