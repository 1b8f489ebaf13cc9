// A page that shows how far something is fetches itself again until it is done.

const EVERY_MS = 700;

async function look() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-progress]");
  const shown = document.querySelector("[data-progress]");
  if (fresh === null || shown === null) return;
  shown.replaceWith(document.adoptNode(fresh));
  if (!fresh.hasAttribute("data-done")) setTimeout(again, EVERY_MS);
}

function again() {
  // The connection is gone for a moment: what is shown stays, and the next look may succeed.
  look().catch(() => setTimeout(again, 4 * EVERY_MS));
}

if (document.querySelector("[data-progress]:not([data-done])") !== null) setTimeout(again, EVERY_MS);
