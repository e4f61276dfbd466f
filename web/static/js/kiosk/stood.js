// How the sitting stands, told to the kiosk's own program for a page that is opened again while the office does not answer
// (server/protocol/copies.md, "A page that is opened again"): names of things and the day's number, nothing of a person.
import { ApiError } from "/static/js/api.js";
import { agent } from "./agent.js";
import { ask } from "./door.js";

const EVERY_MS = 20_000;
const ASK_MS = 2500;

/** @typedef {{reception_id: string, participant_id: string, step: string, number: string, consent: string,
 *   started_at: string | null, ahead_ms: number, held: boolean}} Stood the last three: of a talk */

let told = "";
let toldAt = -Infinity;
/** Whether the program may know of a sitting. */
let known = agent.served;
/** One after the other: what is to be forgotten must not be overtaken. @type {Promise<any>} */
let last = Promise.resolve();

/** @param {{type: string} & Record<string, any>} message @returns {Promise<any>} */
function say(message) {
  last = last.then(async () => {
    try {
      return await ask(message, ASK_MS);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return {}; // without the program a page that is opened again begins with what the office says
    }
  });
  return last;
}

/** Told when it changes, and now and then. @param {Stood} stood */
export function keepStood(stood) {
  const now = JSON.stringify({ ...stood, ahead_ms: 0 });
  if (!agent.served || (now === told && performance.now() - toldAt < EVERY_MS)) return;
  [told, toldAt, known] = [now, performance.now(), true];
  say({ type: "keep_sitting", sitting: stood });
}

/** Nobody sits here any more. */
export async function forgetStood() {
  if (!known) return;
  [told, toldAt, known] = ["", -Infinity, false];
  await say({ type: "keep_sitting", sitting: null });
}

/** What the page before this one knew. @returns {Promise<(Stood & {until: number}) | null>} `until`: it counts so long */
export async function stoodBefore() {
  if (!agent.served) return null;
  const { sitting, for_s: seconds } = await say({ type: "sitting_asked" });
  return sitting ? { ...sitting, until: Date.now() + 1000 * seconds } : null;
}
