// What the kiosk remembers of the person in front of it.  What they say of themselves (the draft) is never written into the
// browser's storage: what a browser deletes lies on the disk for a long time after.  It is in this page's memory, and in
// that of the kiosk's program, so that a page that is opened again goes on with it; without the program such a page begins
// anew.  `sitting` (lines already read: no words) survives a crash of the browser.  All is wiped when the person leaves.
import { ApiError } from "/static/js/api.js";
import { ask } from "./door.js";
import { forgetStood } from "./stood.js";

const SITTING = "jietan.sitting";
const HOLD_AFTER_MS = 250;
const ASK_MS = 2500;

/** @typedef {{code: string, phone_last4: string}} Key of a matter or a booking */
/** @typedef {{number: string, sex: string, ethnic_group: string, address: string}} Card */
/** @typedef {{day_id: number, slot: number | null}} Wish to come another day; `slot` null: not chosen yet */
/** @typedef {{step: string, consent: string, name: string, phone: string, matter: string, booking: Key | null, card: Card | null, earlier: Key | null, wish: Wish | null}} Draft */
/** @type {Draft} */
const EMPTY_DRAFT = { step: "welcome", consent: "", name: "", phone: "", matter: "", booking: null, card: null, earlier: null, wish: null };

/** @type {Draft} */
let current = { ...EMPTY_DRAFT };
/** Whether the program holds something of this page. */
let held = false;
let timer = 0;

/** One after the other: what is to be forgotten last must not be overtaken. @type {Promise<string>} */
let last = Promise.resolve("");

/** @param {string | null} text @returns {Promise<string>} */
function hold(text) {
  last = last.then(() => holdNow(text));
  return last;
}

/** Without a program, or while it does not answer, this page's memory is all there is. @param {string | null} text @returns {Promise<string>} */
async function holdNow(text) {
  try {
    return (await ask({ type: "hold", ...{ text } }, ASK_MS)).text || "";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return "";
  }
}

/** What was typed before the page was opened again. */
export async function loadDraft() {
  const text = await hold(null);
  if (!text || current.step !== "welcome") return;
  held = true;
  try {
    current = { ...EMPTY_DRAFT, ...JSON.parse(text) };
  } catch {
    current = { ...EMPTY_DRAFT };
  }
}

/** @returns {Draft} */
export function draft() {
  return current;
}

/** Whether anything is kept that the next person must not find: what they said of themselves, or the key of a matter. */
export function holdsSomebody() {
  const { name, phone, matter, booking, card, earlier } = current;
  return Boolean(name || phone || matter || booking || card || earlier);
}

/** @param {Partial<Draft>} changes */
export function keepDraft(changes) {
  current = { ...current, ...changes };
  clearTimeout(timer);
  timer = window.setTimeout(() => { held = true; hold(JSON.stringify(current)); }, HOLD_AFTER_MS);
}

/** Nothing is needed any more of what they said of themselves; the screen goes on. @param {string} step */
export function keepOnly(step) {
  keepDraft({ ...EMPTY_DRAFT, step });
}

/** @returns {Promise<void>} when the program has forgotten it as well */
export async function wipeDraft() {
  clearTimeout(timer);
  current = { ...EMPTY_DRAFT };
  if (!held) return;
  held = false;
  await hold("");
}

/** @param {Storage} storage @param {string} key @param {Object} otherwise */
function load(storage, key, otherwise) {
  try {
    return { ...otherwise, ...JSON.parse(storage.getItem(key) || "{}") };
  } catch {
    return { ...otherwise };
  }
}

/** What was kept for this reception; empty for any other. @param {string} receptionId */
export function sittingMemory(receptionId) {
  const kept = load(localStorage, SITTING, {});
  return kept.reception_id === receptionId ? kept : { reception_id: receptionId };
}

/** @param {string} receptionId @param {Object} changes */
export function keepSitting(receptionId, changes) {
  localStorage.setItem(SITTING, JSON.stringify({ ...sittingMemory(receptionId), ...changes }));
}

/** Forgets the person altogether: storage, caches and databases of this page. */
export async function wipe() {
  localStorage.removeItem(SITTING);
  await Promise.all([wipeDraft(), forgetStood(), wipeCaches(), wipeDatabases()]);
}

async function wipeCaches() {
  if (!("caches" in window)) return;
  await Promise.all((await caches.keys()).map((name) => caches.delete(name)));
}

async function wipeDatabases() {
  const all = (await indexedDB.databases?.()) || [];
  for (const { name } of all) if (name) indexedDB.deleteDatabase(name);
}
