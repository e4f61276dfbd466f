// The way from the notice to the queue: which question comes after which.  Pure.

const ORDER = ["choose", "notice", "card", "name", "phone", "earlier", "matter"];
const END = "queue";

/** Whether a question is left out. @param {string} step @param {import("./memory.js").Draft & {reader?: boolean}} draft */
function leftOut(step, draft) {
  if (step === "card") return !draft.reader;
  if (step === "name") return Boolean(draft.card);
  if (step === "earlier") return Boolean(draft.booking);
  return false;
}

/** What comes next; END after the last question. @param {string} step @param {import("./memory.js").Draft & {reader?: boolean}} draft @returns {string} */
export function nextStep(step, draft) {
  return ORDER.slice(ORDER.indexOf(step) + 1).find((one) => !leftOut(one, draft)) || END;
}

/** What came before. @param {string} step @param {import("./memory.js").Draft & {reader?: boolean}} draft @returns {string} */
export function stepBefore(step, draft) {
  return ORDER.slice(0, ORDER.indexOf(step)).findLast((one) => !leftOut(one, draft)) || "welcome";
}

/** Which of how many questions this is. @param {string} step @param {import("./memory.js").Draft & {reader?: boolean}} draft @returns {[number, number]} */
export function placeOf(step, draft) {
  const asked = ORDER.slice(2).filter((one) => one === step || !leftOut(one, draft));
  return [asked.indexOf(step) + 1, asked.length];
}
