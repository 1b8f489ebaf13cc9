// Shows notices that the help desk sends while no page of it is open, and leads to the request when one is tapped.
// A script of its own, not a module: older browsers take no other for a service worker.

/** @typedef {{waitUntil: (work: Promise<unknown>) => void}} Waiting */
/** @typedef {Event & Waiting & {data: {json: () => unknown} | null}} Pushed */
/** @typedef {Event & Waiting & {notification: Notification}} Tapped */
/** @typedef {{registration: ServiceWorkerRegistration, clients: {openWindow: (path: string) => Promise<unknown>}}} Scope */

const scope = /** @type {Scope} */ (/** @type {unknown} */ (self));

self.addEventListener("push", (given) => {
  const event = /** @type {Pushed} */ (given);
  const told = /** @type {{title?: string, path?: string}} */ (event.data?.json() ?? {});
  const title = String(told.title ?? "A request");
  event.waitUntil(scope.registration.showNotification(title, { tag: title, data: { path: String(told.path ?? "") } }));
});

self.addEventListener("notificationclick", (given) => {
  const event = /** @type {Tapped} */ (given);
  event.notification.close();
  const path = String(/** @type {{path?: string}} */ (event.notification.data).path ?? "");
  // Nowhere but to pages of the console.
  event.waitUntil(scope.clients.openWindow(path.startsWith("/console/") ? path : "/console"));
});
