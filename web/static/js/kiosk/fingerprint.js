// The fingerprint pad on the kiosk's computer, through its own program (server/protocol/copies.md): a picture, nothing else.
import { ApiError } from "/static/js/api.js";
import { ask } from "./door.js";

const WAIT_MS = 40_000;
const GONE = { code: "no_pad", message: "手印板没有回话，请叫工作人员看看线接好没有，或者换别的办法。" };

/** @param {string} what the message to send @returns {Promise<any>} the program's answer */
const tell = (what) => ask({ type: what }, WAIT_MS, GONE);

/** Has this kiosk a pad?  A telephone has none. @param {any} app @returns {Promise<boolean>} */
export async function hasPad(app) {
  if (app.ownKeyboard) return false;
  try {
    return (await tell("pad")).type === "pad_is";
  } catch (error) {
    if (error instanceof ApiError) return false;
    throw error;
  }
}

/** A finger on the pad. @returns {Promise<{image: string, device: string}>} throws ApiError */
export async function press() {
  const answer = await tell("press");
  if (answer.type !== "print") throw new ApiError(400, { code: answer.code || "no_pad", message: answer.message || GONE.message });
  return { image: `data:image/png;base64,${answer.image}`, device: answer.device };
}
