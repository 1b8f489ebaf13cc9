// After sending: this browser keeps the access key, so that the tracking number alone opens the request here.

import { need } from "./dom.js";
import { keepKey, readKey } from "./keys.js";

const tracking = need(document, "[data-sent]", HTMLElement).dataset.tracking ?? "";
const key = readKey(need(document, "#link", HTMLElement).textContent);
if (key !== null && keepKey(tracking, key)) need(document, "[data-kept]", HTMLElement).hidden = false;

// What was written is sent; the form starts empty the next time.
try {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith("towline-draft:/:")) sessionStorage.removeItem(name);
} catch (error) {
  if (!(error instanceof DOMException)) throw error;
}
