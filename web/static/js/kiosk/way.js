// The way from the notice to the queue, and the way to a booking for another day: which question comes after which.  Pure.

const TO_QUEUE = ["choose", "notice", "card", "name", "phone", "earlier", "matter"];
const TO_BOOKING = ["choose", "days", "times", "name", "phone", "matter"];
const QUESTIONS = ["card", "name", "phone", "earlier", "matter"];
const END = "queue";

/** @param {import("./memory.js").Draft} draft */
const orderOf = (draft) => (draft.wish ? TO_BOOKING : TO_QUEUE);

/** Whether a question is left out. @param {string} step @param {import("./memory.js").Draft & {reader?: boolean}} draft */
function leftOut(step, draft) {
  if (step === "card") return !draft.reader;
  if (step === "name") return Boolean(draft.card);
  if (step === "earlier") return Boolean(draft.booking);
  return false;
}

/** What comes next; END after the last question. @param {string} step @param {import("./memory.js").Draft & {reader?: boolean}} draft @returns {string} */
export function nextStep(step, draft) {
  const order = orderOf(draft);
  return order.slice(order.indexOf(step) + 1).find((one) => !leftOut(one, draft)) || END;
}

/** What came before. @param {string} step @param {import("./memory.js").Draft & {reader?: boolean}} draft @returns {string} */
export function stepBefore(step, draft) {
  const order = orderOf(draft);
  return order.slice(0, order.indexOf(step)).findLast((one) => !leftOut(one, draft)) || "welcome";
}

/** Which of how many questions this is. @param {string} step @param {import("./memory.js").Draft & {reader?: boolean}} draft @returns {[number, number]} */
export function placeOf(step, draft) {
  const asked = orderOf(draft).filter((one) => QUESTIONS.includes(one) && (one === step || !leftOut(one, draft)));
  return [asked.indexOf(step) + 1, asked.length];
}
