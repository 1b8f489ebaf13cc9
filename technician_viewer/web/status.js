/**
 * The connection's state in plain words, with one next step. Pure: `notice.js` puts it on the page.
 *
 * @typedef {"preparing" | "connecting" | "waiting" | "checking" | "asking" | "live" | "unstable" | "declined"
 *   | "no-answer" | "busy" | "ended-by-user" | "ended-by-me" | "agent-stopped" | "withdrawn" | "no-picture" | "stopped"
 *   | "lost" | "agent-gone" | "agent-absent" | "server-away" | "replaced" | "too-many" | "not-accepted" | "refused" | "broken" | "unsupported"
 *   | "logged-out" | "not-yours" | "not-open" | "not-found" | "no-server"} State
 *
 * @typedef {"busy" | "live" | "warn" | "bad" | "done"} Tone
 * @typedef {"end" | "again" | "ticket" | "join-code" | "solve" | "login" | "queue"} Action
 *
 * @typedef {object} Description
 * @property {Tone} tone
 * @property {string} short For the bar.
 * @property {string} heading
 * @property {string} text What happened, and whether anything was lost.
 * @property {string} next What to do.
 * @property {Action[]} actions The first is the one to take.
 */

/** States in which nothing more comes from the worker. */
const OVER = new Set(["bad", "done"]);
const AGAIN_ASKS = "Connecting again starts a new session, and the other computer asks its user again.";

/** @type {Record<State, (who: string) => Description>} */
const WORDS = {
  preparing: () => busy("Preparing", "Preparing", "This browser is getting its key and its permission from the server."),
  connecting: () => busy("Connecting", "Connecting", "The server is being called."),
  waiting: (who) => ({
    tone: "busy",
    short: "Waiting for the computer",
    heading: `Waiting for ${whose(who)} computer`,
    text: "Towline is not open there yet, or not for this request.",
    next: `Ask ${who} to open Towline and choose this request. If they can’t find it, get a join code on the ticket and read it to them. This page goes on by itself.`,
    actions: ["join-code", "end"],
  }),
  checking: (who) =>
    busy("Checking keys", `${capital(whose(who))} computer is there`, "Both sides are checking who the other one is."),
  asking: (who) => ({
    tone: "busy",
    short: `Asking ${who}`,
    heading: `${capital(who)} is being asked`,
    text: `A window on ${whose(who)} computer asks whether you may connect. It waits for a minute.`,
    next: "If you are on the phone, tell them to look for that window and to read what it says.",
    actions: ["end"],
  }),
  live: () => ({ tone: "live", short: "Live", heading: "Live", text: "", next: "", actions: [] }),
  unstable: () => ({
    tone: "warn",
    short: "Unstable, nothing heard",
    heading: "Unstable",
    text: "Nothing was heard for two seconds. What you type now arrives late or not at all.",
    next: "Wait a moment.",
    actions: [],
  }),
  declined: (who) =>
    done("Declined", `${capital(who)} said no`, "Nothing of their screen was shown.", "Talk to them first, then ask again."),
  "no-answer": (who) =>
    done(
      "No answer",
      `${capital(who)} did not answer`,
      "The question was on their screen for a minute and has gone. Nothing was shown.",
      "Reach them first, then ask again.",
    ),
  busy: (who) =>
    done(
      "Busy",
      `${capital(whose(who))} computer doesn’t ask right now`,
      "Another session is open there, or too many questions were turned down.",
      "Wait ten minutes, or talk to them, then ask again.",
    ),
  "ended-by-user": (who) => finished(`${capital(who)} ended the session`),
  "ended-by-me": () => finished("You ended the session"),
  "agent-stopped": (who) =>
    done(
      "Towline was closed",
      `Towline was closed on ${whose(who)} computer`,
      "The session is over; nothing more is shown or typed there.",
      `If you are not done, ask ${who} to open Towline again. ${AGAIN_ASKS}`,
      ["again", "solve"],
    ),
  withdrawn: () => done("Permission withdrawn", "You have no right in this session any more", "It was taken back.", AGAIN_ASKS),
  "no-picture": (who) =>
    bad(
      "No picture",
      `${capital(whose(who))} screen can’t be read`,
      "The program there lost access to its screen, so the session was ended.",
      `It may be locked or switched off: ask ${who}. ${AGAIN_ASKS}`,
    ),
  stopped: () => ({
    tone: "done",
    short: "Stopped by the server",
    heading: "The server ended this session",
    text: "The ticket was closed, handed to somebody else, or an admin stopped the session.",
    next: "The ticket’s timeline says which.",
    actions: ["ticket"],
  }),
  lost: () =>
    bad("Connection lost", "Connection lost", "The line broke without a goodbye. What you typed last may not have arrived.", AGAIN_ASKS),
  "agent-gone": (who) =>
    bad(
      "The computer went away",
      `${capital(whose(who))} computer went away`,
      "It lost its connection, or it was switched off. What you typed last may not have arrived.",
      AGAIN_ASKS,
    ),
  "agent-absent": (who) => ({
    tone: "bad",
    short: "The computer did not come",
    heading: `${capital(whose(who))} computer did not come`,
    text: "Towline was not opened there in time.",
    next: `Ask ${who} to open Towline and choose this request, then connect again.`,
    actions: ["again", "join-code"],
  }),
  "server-away": () => bad("The server is restarting", "The server is restarting", "The session is over.", `Try again in half a minute. ${AGAIN_ASKS}`),
  replaced: () =>
    done("Opened elsewhere", "You opened this session somewhere else", "This page has let go of it.", "Go on there, or take it back here."),
  "too-many": () => bad("Too many connections", "The server has too many connections", "It took no new one.", "Close pages you don’t need and try again."),
  "not-accepted": () =>
    bad("Not accepted", "The server did not accept this page’s permission", "It is good for half a minute and for one use.", "Connect again to get a fresh one."),
  refused: (who) =>
    bad(
      "Refused",
      "The two sides could not prove who they are",
      `Either this is not ${whose(who)} computer, or a permission is out of date, or somebody changed what was sent. This page has let go of it.`,
      "Connect again once. If it stays, tell your admin.",
    ),
  broken: () =>
    bad(
      "Something broke",
      "The session broke",
      "One side said something that the other does not understand, so this page let go of it.",
      "Connect again. If it stays, the two programs may be of different versions: tell your admin.",
    ),
  unsupported: () => ({
    tone: "bad",
    short: "Browser too old",
    heading: "This browser can’t open a session",
    text: "It lacks the encryption or the drawing that a session needs, or the page was not opened over HTTPS.",
    next: "Open it over HTTPS in a current Chromium, Chrome, Edge or Firefox, or use the towline-viewer program.",
    actions: ["ticket"],
  }),
  "logged-out": () => ({
    tone: "bad",
    short: "Logged out",
    heading: "You are no longer logged in",
    text: "The server does not know this browser any more.",
    next: "Log in and open the session again.",
    actions: ["login"],
  }),
  "not-yours": () => ({
    tone: "bad",
    short: "Not your request",
    heading: "This request is not yours",
    text: "Only the technician who has a request can open a session for it.",
    next: "Take it on the ticket, then connect.",
    actions: ["ticket"],
  }),
  "not-open": () => ({
    tone: "bad",
    short: "Request closed",
    heading: "This request is no longer open",
    text: "A session belongs to a request that is being worked on.",
    next: "Reopen it on the ticket, then connect.",
    actions: ["ticket"],
  }),
  "not-found": () => ({
    tone: "bad",
    short: "No such request",
    heading: "There is no such request",
    text: "Its number is wrong, or it is not for you.",
    next: "Look for it in the queue.",
    actions: ["queue"],
  }),
  "no-server": () => bad("No server", "The server can’t be reached", "No session was opened.", "Check your network and try again."),
};

/** States that the server's problem documents stand for, by the end of their `type`. @type {Record<string, State>} */
const PROBLEMS = {
  "not-logged-in": "logged-out",
  "not-allowed": "not-yours",
  "ticket-closed": "not-open",
  "ticket-not-found": "not-found",
  "not-found": "not-found",
};

/** States by the code of an authenticated `bye` (docs/protocol, section 6). @type {Record<string, State>} */
const BYES = {
  ended: "ended-by-user",
  declined: "declined",
  timeout: "no-answer",
  "agent-stopped": "agent-stopped",
  "protocol-error": "broken",
  "rights-withdrawn": "withdrawn",
  "capture-failed": "no-picture",
};

/** States by the relay's close code (docs/protocol, section 2); others are a line that broke. @type {Record<number, State>} */
const CLOSES = {
  4400: "broken",
  4401: "not-accepted",
  4408: "not-accepted",
  4409: "replaced",
  4410: "stopped",
  4413: "broken",
  4429: "too-many",
  4440: "agent-gone",
  4441: "agent-absent",
  4503: "server-away",
};

/**
 * @param {State} state
 * @param {string} who The requester's name.
 * @returns {Description}
 */
export function describe(state, who) {
  return WORDS[state](who);
}

/** Every state, for tests. */
export const STATES = /** @type {State[]} */ (Object.keys(WORDS));

/**
 * Whether nothing more comes in this state.
 * @param {State} state
 */
export function isOver(state) {
  return OVER.has(WORDS[state]("").tone);
}

/**
 * @param {string} slug
 * @returns {State | undefined}
 */
export function stateOfProblem(slug) {
  return PROBLEMS[slug];
}

/**
 * @param {string} code
 * @returns {State}
 */
export function stateOfBye(code) {
  return BYES[code] ?? "ended-by-user";
}

/**
 * @param {number} code
 * @returns {State}
 */
export function stateOfClose(code) {
  return CLOSES[code] ?? "lost";
}

/**
 * @param {string} short
 * @param {string} heading
 * @param {string} text
 * @returns {Description}
 */
function busy(short, heading, text) {
  return { tone: "busy", short, heading, text, next: "", actions: ["end"] };
}

/**
 * @param {string} short
 * @param {string} heading
 * @param {string} text
 * @param {string} next
 * @param {Action[]} [actions]
 * @returns {Description}
 */
function done(short, heading, text, next, actions = ["again", "ticket"]) {
  return { tone: "done", short, heading, text, next, actions };
}

/**
 * @param {string} short
 * @param {string} heading
 * @param {string} text
 * @param {string} next
 * @returns {Description}
 */
function bad(short, heading, text, next) {
  return { tone: "bad", short, heading, text, next, actions: ["again", "ticket"] };
}

/**
 * @param {string} heading
 * @returns {Description}
 */
function finished(heading) {
  return {
    tone: "done",
    short: "Ended",
    heading,
    text: "Nothing more is shown or typed there.",
    next: "Solved? Write down what solved it while you remember.",
    actions: ["solve", "again"],
  };
}

/** @param {string} who */
function whose(who) {
  if (who === "the user") return "the user’s";
  return /s$/i.test(who) ? `${who}’` : `${who}’s`;
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
