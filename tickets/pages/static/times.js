// Times in the reader's own zone, and "3 hours ago" that stays true; the words are those of site.py.

const STEPS = /** @type {const} */ ([[60, 60, "minute"], [24, 3600, "hour"], [14, 86400, "day"]]);
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const FULL = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** @param {Date} at @param {Date} now @returns {string} */
export function ago(at, now) {
  const seconds = (now.getTime() - at.getTime()) / 1000;
  if (seconds < 60) return "just now";
  for (const [limit, unit, name] of STEPS) {
    const count = Math.floor(seconds / unit);
    if (count < limit) return `${count} ${name}${count === 1 ? "" : "s"} ago`;
  }
  return DAY.format(at);
}

/** @param {string} iso @returns {HTMLTimeElement} */
export function timeElement(iso) {
  const element = document.createElement("time");
  element.dateTime = iso;
  tell(element, new Date());
  return element;
}

/** @param {HTMLTimeElement} element @param {Date} now */
function tell(element, now) {
  const at = new Date(element.dateTime);
  if (Number.isNaN(at.getTime())) return;
  const words = element.hasAttribute("data-full") ? FULL.format(at) : ago(at, now);
  if (element.textContent !== words) element.textContent = words;
  element.title = FULL.format(at);
}

export function tellAll() {
  const now = new Date();
  for (const element of document.querySelectorAll("time")) tell(element, now);
}

tellAll();
setInterval(tellAll, 30_000);
