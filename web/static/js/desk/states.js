// What the state of a record is called, and its colour.

/** @type {Object<string, [string, string]>} */
const STATES = {
  draft: ["待校对", "accent"],
  correcting: ["校对中", "accent"],
  confirmed: ["等群众签字", "warn"],
  signed: ["已签字，待归档", "ok"],
  refused: ["没有签字，待归档", "warn"],
  filed: ["已归档", "ok"],
};

/** @param {string} state @returns {[string, string]} words and tone */
export function stateWords(state) {
  return STATES[state] || [state, "line"];
}

/** @param {HTMLElement} badge @param {string} state */
export function showState(badge, state) {
  const [words, tone] = stateWords(state);
  badge.textContent = words;
  badge.className = `badge ${tone}`;
  badge.hidden = false;
}
