// The kiosk's own program on this computer (server/protocol/copies.md): one message, one answer.
import { ApiError, api } from "/static/js/api.js";
import { agent } from "./agent.js";

const WAIT_MS = 10_000;
const GONE = { code: "no_program", message: "这台机器上的程序没有回话，请叫工作人员看看。" };

/** @type {{url: string, secret: string} | null} where the program answered last */
let known = null;
/** Whether it did not the last time: the office may know another place. */
let doubtful = false;

/** @param {WebSocket} socket @param {Object} message @param {number} waitMs @param {{code: string, message: string}} gone @returns {Promise<any>} */
function answerOf(socket, message, waitMs, gone) {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new ApiError(0, gone)), waitMs);
    socket.onopen = () => socket.send(JSON.stringify(message));
    socket.onmessage = (event) => { clearTimeout(timer); done(JSON.parse(event.data)); };
    socket.onclose = socket.onerror = () => { clearTimeout(timer); fail(new ApiError(0, gone)); };
  });
}

/** Where the program is, known without the office once it has answered; throws ApiError where nobody knows.
 * @returns {Promise<{url: string, secret: string}>} */
export async function door() {
  if (known && !doubtful) return known;
  await agent.asked; // a page that was just opened, maybe without a line
  if (agent.state?.door) return agent.state.door;
  return api("GET", "/api/kiosk/devices").catch((error) => {
    if (known && error.code === "offline") return known;
    throw error;
  });
}

/** The program did not answer there, or not to this secret. */
export function doubt() {
  doubtful = true;
}

/**
 * Asks the program one thing.
 * @param {{type: string}} message @param {number} [waitMs] @param {{code: string, message: string}} [gone] what is told where it does not answer
 * @returns {Promise<any>} its answer, also a refusal; throws ApiError, code "no_agent" where there is no program
 */
export async function ask(message, waitMs = WAIT_MS, gone = GONE) {
  const place = await door();
  const socket = new WebSocket(place.url);
  try {
    const answer = await answerOf(socket, { ...message, secret: place.secret }, waitMs, gone);
    doubtful = answer.code === "secret_wrong";
    if (!doubtful) known = place;
    return answer;
  } catch (error) {
    doubt();
    throw error;
  } finally {
    socket.close();
  }
}
