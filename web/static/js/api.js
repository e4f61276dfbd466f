// The office's HTTP API as pages call it.  Paths and shapes: server/protocol/office.md.

/** What went wrong, in words for the user. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP status; 0 when the server was not reached
   * @param {{code?: string, message?: string, reference?: string, details?: Object}} body
   */
  constructor(status, body) {
    super(body.message || "这一步没办成，请再试一次。");
    this.name = "ApiError";
    this.status = status;
    this.code = body.code || "unknown";
    this.reference = body.reference || "";
    this.details = body.details || {};
  }
}

export const OFFLINE = { code: "offline", message: "现在连不上办公室的服务器。填好的都还在，网一通请再试。" };
const TIME_LIMIT_MS = 20_000;

/** @param {Response} response */
async function read(response) {
  const text = await response.text();
  if (!text) return {};
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** @param {string} path @param {RequestInit} options @param {number} [limitMs] */
function asked(path, options, limitMs = TIME_LIMIT_MS) {
  return fetch(path, { signal: AbortSignal.timeout(limitMs), credentials: "same-origin", cache: "no-store", ...options });
}

/** @param {Promise<Response>} request */
async function arrived(request) {
  try {
    return await request;
  } catch {
    throw new ApiError(0, OFFLINE);
  }
}

/**
 * The JSON that answers a request which is on its way.
 * @param {Promise<Response>} request @returns {Promise<any>}
 * @throws {ApiError}
 */
export async function answerTo(request) {
  const response = await arrived(request);
  const body = await read(response).catch(() => { throw new ApiError(0, OFFLINE); });
  if (!response.ok) throw new ApiError(response.status, body.error || {});
  return body;
}

/**
 * Asks the office for something.
 * @param {string} method @param {string} path @param {Object} [body] sent as JSON @param {number} [limitMs] how long it may take
 * @returns {Promise<any>} the JSON of the answer, {} where there is none
 * @throws {ApiError} code "offline" when the server cannot be reached
 */
export async function api(method, path, body, limitMs) {
  const headers = { "X-Jietan": "1", Accept: "application/json" };
  if (body === undefined) return answerTo(asked(path, { method, headers }, limitMs));
  return answerTo(asked(path, { method, headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) }, limitMs));
}

/**
 * Sends a file or a recording as it is.
 * @param {string} method @param {string} path @param {Blob} blob @param {number} [limitMs] how long it may take
 * @returns {Promise<any>}
 * @throws {ApiError}
 */
export async function send(method, path, blob, limitMs) {
  const headers = { "X-Jietan": "1", Accept: "application/json", "Content-Type": blob.type || "application/octet-stream" };
  return answerTo(asked(path, { method, headers, body: blob }, limitMs));
}

/** Where to go to log in and come back here. */
export function logInPath() {
  return `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/**
 * Fetches a file that only a request with a body gives, and lets the browser save it under the office's name for it.
 * @param {string} path @param {Object} body sent as JSON
 * @throws {ApiError}
 */
export async function save(path, body) {
  const headers = { "X-Jietan": "1", "Content-Type": "application/json" };
  const response = await arrived(asked(path, { method: "POST", headers, body: JSON.stringify(body) }));
  if (!response.ok) throw new ApiError(response.status, (await read(response)).error || {});
  const named = /filename\*=utf-8''([^;]+)/i.exec(response.headers.get("Content-Disposition") || "");
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  [link.href, link.download] = [address, named ? decodeURIComponent(named[1]) : "文书.pdf"];
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
