// Public query: how far a matter has come, rating, asking for a review, own copies.  Code and digits live in this page only
// while it shows the matter: each request carries them again.
import { api, save } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { mark, onSend, wrongOnly } from "/static/js/form.js";
import { copiesCard, nowCard, ratingCard, reviewCard, stepsCard } from "./shown.js";
import { digits, tidyCode, wrongCode, wrongDigits } from "./typed.js";

const form = /** @type {HTMLFormElement} */ (byId("query"));
/** @type {{code: string, phone_last4: string} | null} */
let asked = null;

/** @param {any} progress @param {string} [said] what was just done */
function show(progress, said = "") {
  const again = el("button.btn.block", { type: "button" }, icon("back"), "查另一件");
  again.addEventListener("click", ask);
  const how = { words: true, rate: (/** @type {any} */ rating) => act("rating", { rating }, "记下了"), ask: (/** @type {string} */ words) => act("review", { words }, "申请收到了") };
  const parts = [
    el("div", {}, el("h1", { tabindex: "-1" }, "办理进度"), el("p.small.mute", {}, el("span.num", {}, progress.number), `　${progress.office}`)),
    said ? el("p.banner.ok", { role: "status" }, icon("okc"), el("span", {}, said)) : null,
    nowCard(progress), stepsCard(progress), reviewCard(progress, how), ratingCard(progress, how), copiesCard(progress, fetchCopy), again,
  ];
  byId("result").replaceChildren(.../** @type {HTMLElement[]} */ (parts.filter((part) => part !== null)));
  turn(true);
}

/** @param {string} what @param {Object} more @param {string} said */
async function act(what, more, said) {
  show(await api("POST", `/api/progress/${what}`, { ...asked, ...more }), said);
}

/** @param {string} name @param {string} idLast6 */
function fetchCopy(name, idLast6) {
  return save("/api/progress/copy", { ...asked, name, id_last6: idLast6 });
}

/** @param {boolean} found */
function turn(found) {
  byId("ask").hidden = found;
  byId("result").hidden = !found;
  window.scrollTo(0, 0);
  const place = found ? byId("result").querySelector("h1") : byId("code");
  if (place instanceof HTMLElement) place.focus({ preventScroll: true });
}

function ask() {
  asked = null;
  form.reset();
  byId("result").replaceChildren();
  turn(false);
}

onSend(
  form,
  (fields) => wrongOnly({ code: wrongCode(tidyCode(fields.code)), phone_last4: wrongDigits(digits(fields.phone_last4)) }),
  async (fields) => {
    const query = { code: tidyCode(fields.code), phone_last4: digits(fields.phone_last4) };
    const progress = await api("POST", "/api/progress", query);
    asked = query;
    show(progress);
  },
);

form.addEventListener("input", (event) => {
  if (event.target instanceof HTMLInputElement) mark(form, event.target.name, "");
});
