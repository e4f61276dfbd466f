// The kiosk's own program on this computer (server/protocol/copies.md): one message, one answer.
import { ApiError, api } from "/static/js/api.js";
import { agent } from "./agent.js";

const WAIT_MS = 10_000;
const GONE = { code: "no_program", message: "这台机器上的程序没有回话，请叫工作人员看看。" };

/** @type {{url: string, secret: string} | null} */
let known = null;

/** @param {WebSocket} socket @param {Object} message @param {number} waitMs @param {{code: string, message: string}} gone @returns {Promise<any>} */
function answerOf(socket, message, waitMs, gone) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new ApiError(0, gone)), waitMs);
    socket.onopen = () => socket.send(JSON.stringify(message));
    socket.onmessage = (event) => { clearTimeout(timer); done(JSON.parse(event.data)); };
    socket.onclose = socket.onerror = () => { clearTimeout(timer); fail(new ApiError(0, gone)); };
  });
}

/** Where the program is; throws ApiError where nobody knows. @returns {Promise<{url: string, secret: string}>} */
export async function door() {
  return known ?? agent.state?.door ?? await api("GET", "/api/kiosk/devices");
}

/**
 * Asks the program one thing.
 * @param {{type: string}} message @param {number} [waitMs] @param {{code: string, message: string}} [gone] what is told where it does not answer
 * @returns {Promise<any>} its answer, also a refusal; throws ApiError, code "no_agent" where there is no program
 */
export async function ask(message, waitMs = WAIT_MS, gone = GONE) {
  const place = await door();
  const socket = new WebSocket(place.url);
  known = null;
  try {
    const answer = await answerOf(socket, { ...message, secret: place.secret }, waitMs, gone);
    if (answer.code !== "secret_wrong") known = place;
    return answer;
  } finally {
    socket.close();
  }
}
