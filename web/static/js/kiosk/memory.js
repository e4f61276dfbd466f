// What the kiosk remembers of the person in front of it, so that a reloaded page is where it was.
// `draft` (what was typed) lasts as long as the tab; `sitting` (lines already read: no words) survives a crash
// of the browser.  Both are wiped when the person leaves.
const DRAFT = "jietan.draft";
const SITTING = "jietan.sitting";

/** @typedef {{step: string, consent: string, name: string, phone: string, matter: string, booking: {code: string, phone_last4: string} | null}} Draft */
/** @type {Draft} */
const EMPTY_DRAFT = { step: "welcome", consent: "", name: "", phone: "", matter: "", booking: null };

/** @param {Storage} storage @param {string} key @param {Object} otherwise */
function load(storage, key, otherwise) {
  try {
    return { ...otherwise, ...JSON.parse(storage.getItem(key) || "{}") };
  } catch {
    return { ...otherwise };
  }
}

/** @returns {Draft} */
export function draft() {
  return /** @type {Draft} */ (load(sessionStorage, DRAFT, EMPTY_DRAFT));
}

/** @param {Partial<Draft>} changes */
export function keepDraft(changes) {
  sessionStorage.setItem(DRAFT, JSON.stringify({ ...draft(), ...changes }));
}

export function wipeDraft() {
  sessionStorage.removeItem(DRAFT);
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

/** Forgets the person altogether. */
export function wipe() {
  wipeDraft();
  localStorage.removeItem(SITTING);
}
