// How long a join code is still good.

import { make } from "./dom.js";

/** @param {HTMLElement} place @param {number} until milliseconds since 1970 */
function count(place, until) {
  const left = make("strong", "");
  place.replaceChildren(left);
  const tell = () => {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    left.textContent = seconds > 0
      ? `Good for ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} more, for one computer.`
      : "This code is over. Load the page again to make a new one.";
    if (seconds === 0) clearInterval(timer);
  };
  const timer = setInterval(tell, 1_000);
  tell();
}

for (const place of document.querySelectorAll("[data-countdown]")) {
  if (place instanceof HTMLElement && place.dataset.countdown) count(place, Date.parse(place.dataset.countdown));
}
