// Notices on this device: the account page's button asks the browser and tells the help desk where to send them.

import { need } from "./dom.js";
import { t } from "./words.js";

const part = need(document, "#push", HTMLElement);
const button = need(part, "#push-here", HTMLButtonElement);
const told = need(part, "#push-told", HTMLElement);

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
function bytesOf(text) {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (each) => each.charCodeAt(0));
}

/** @param {ArrayBuffer | null} bytes */
function textOf(bytes) {
  const characters = Array.from(new Uint8Array(bytes ?? new ArrayBuffer(0)), (each) => String.fromCharCode(each));
  return btoa(characters.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} words */
function say(words) {
  told.textContent = words;
  told.hidden = false;
}

async function subscribe() {
  if (await Notification.requestPermission() !== "granted") {
    return say(t("This browser does not allow notices from here. You can change that beside its address bar."));
  }
  const worker = await navigator.serviceWorker.register("/console/push-worker.js", { scope: "/console" });
  const subscription = await worker.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytesOf(part.dataset.key ?? ""),
  });
  const answer = await fetch("/api/v1/push", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      endpoint: subscription.endpoint,
      p256dh: textOf(subscription.getKey("p256dh")),
      auth: textOf(subscription.getKey("auth")),
      label: need(part, "#push-label", HTMLInputElement).value,
    }),
  });
  if (!answer.ok) return say(t("The help desk did not take it. Please try again in a minute."));
  location.assign("/console/account?done=saved");
}

if ("serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
  need(part, "#push-form", HTMLElement).hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    subscribe().catch(() => say(t("This browser could not subscribe. Please try again in a minute.")))
      .finally(() => { button.disabled = false; });
  });
} else {
  say(t("This browser can’t show notices."));
}
