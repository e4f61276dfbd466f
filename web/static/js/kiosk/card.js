// The identity card reader of this kiosk, through its program (server/protocol/devices.py).
import { ApiError } from "/static/js/api.js";
import { ask } from "./door.js";

const WAIT_S = 20;

/** Whether there is a reader; no program, no reader. @returns {Promise<boolean>} */
export async function hasReader() {
  try {
    return (await ask({ type: "reader" }, 3000)).type === "reader_is";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return false;
  }
}

/**
 * Waits for a card for a while.
 * @returns {Promise<{type: string, code?: string, name?: string, number?: string, sex?: string, ethnic_group?: string, address?: string}>} card_read, or refused
 * @throws {ApiError} where the program does not answer
 */
export function readCard() {
  return ask({ type: "card", ...{ wait_s: WAIT_S } }, (WAIT_S + 10) * 1000);
}

/** A number as it is shown where others may look on: the middle is covered. @param {string} number */
export function covered(number) {
  return number.length > 10 ? `${number.slice(0, 6)}${"●".repeat(number.length - 10)}${number.slice(-4)}` : number;
}
