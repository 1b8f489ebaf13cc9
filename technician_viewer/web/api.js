/** Calls of the server's HTTP API (docs/http-api.md) with the technician's cookie. */

/** What the server answered instead of what was asked for (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {string} slug The stable end of the problem's `type`; empty when the answer was no problem document.
   * @param {string} detail What to do next, in the server's words.
   */
  constructor(slug, detail) {
    super(detail);
    this.name = "Problem";
    this.slug = slug;
  }
}

/** The server could not be reached. */
export class Unreachable extends Error {}

/**
 * @param {string} path below /api/v1
 */
export function get(path) {
  return call(path, { method: "GET", headers: { accept: "application/json" } });
}

/**
 * @param {string} path below /api/v1
 * @param {object} body
 */
export function post(path, body) {
  return call(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
  });
}

/**
 * @param {string} path
 * @param {RequestInit} request
 * @returns {Promise<Record<string, unknown>>}
 */
async function call(path, request) {
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      ...request,
      mode: "same-origin",
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
    });
  } catch (error) {
    throw new Unreachable("the server can't be reached", { cause: error });
  }
  const answer = await response.json().catch(() => undefined);
  const fields = typeof answer === "object" && answer !== null ? answer : {};
  if (!response.ok) {
    const type = typeof fields.type === "string" ? fields.type : "";
    const detail = typeof fields.detail === "string" ? fields.detail : "";
    throw new Problem(type.slice(type.lastIndexOf("/") + 1), detail);
  }
  return fields;
}

/**
 * Take a text out of an answer.
 * @param {Record<string, unknown>} fields
 * @param {string} name
 */
export function textIn(fields, name) {
  const value = fields[name];
  if (typeof value !== "string" || value === "") throw new Problem("", `The server's answer lacks "${name}".`);
  return value;
}
