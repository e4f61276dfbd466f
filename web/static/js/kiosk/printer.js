// The printer of the kiosk in words, before something is printed: no paper, not connected (server/protocol/devices.py).
import { ApiError } from "/static/js/api.js";
import { ask } from "./door.js";

/** What is wrong with it; empty: in order, or nobody can tell. @returns {Promise<string>} */
export async function printerTrouble() {
  try {
    const answer = await ask({ type: "printer" });
    return answer.type === "printer_is" && answer.state === "trouble" ? answer.words : "";
  } catch (error) {
    if (error instanceof ApiError) return "";
    throw error;
  }
}
