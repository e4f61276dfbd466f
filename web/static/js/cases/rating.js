// Whether the office and the unit were rated, and writing down what the petitioner said of them; how is shown to nobody.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { ask, toast } from "/static/js/desk/ask.js";
import { allChoices } from "/static/js/cases/choices.js";

const TONES = /** @type {Object<string, string>} */ ({ petitioner: "ok", staff: "warn" });

/** @param {any} found Case @param {{path: string, load: () => Promise<any>}} page */
export function showRatings(found, page) {
  byId("ratings-panel").hidden = !found.ratings.length;
  byId("ratings").replaceChildren(...found.ratings.map((/** @type {any} */ one) => el("div.row.between.wrap.g2", { "data-body": one.body }, el("b", {}, one.name),
    one.may_enter ? entering(one, page) : el(one.entered_by ? `span.badge.${TONES[one.entered_by]}` : "span.small.soft", {}, one.words))));
}

/** @param {any} one CaseRating @param {{path: string, load: () => Promise<any>}} page */
function entering(one, page) {
  const button = el("button.btn.small", { type: "button", "aria-label": `代填对${one.name}的评价` }, icon("edit"), "代填");
  button.addEventListener("click", () => enter(one, page));
  return button;
}

/** @param {any} one CaseRating @param {{path: string, load: () => Promise<any>}} page */
async function enter(one, page) {
  const choices = await allChoices().catch(() => null);
  if (!choices) return toast("评价的选项暂时取不到，再按一次。", "alert");
  const scores = choices.scores.map((/** @type {[string, string]} */ [value, words]) => el("label.check", {}, el("input", { type: "radio", name: "score", value }), words));
  const words = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "rating-words", rows: 2, maxlength: 500 }));
  const box = el("fieldset.field", {}, el("legend.label", {}, `信访人对${one.name}满意不满意`), ...scores);
  const done = await ask({
    title: "代填评价",
    body: [el("p.soft", {}, "照信访人说的填，填了不能改。到处都会标明是代填的，统计里另算一笔；他以后自己评了，就以他自己的为准。"), box,
      el("div.field", {}, el("label", { for: "rating-words" }, "他还说了什么", el("span.mute", {}, "　可以不写，写了只有督查的人看得到")), words)],
    buttons: [{ value: "yes", words: "记下", kind: "primary" }, { value: "", words: "先不" }],
    keep: { what: `${page.path} rating ${one.body}` },
    act: async () => {
      const score = /** @type {HTMLInputElement | null} */ (box.querySelector("input:checked"))?.value;
      if (!score) return "先点一个：满意、基本满意，还是不满意。";
      try {
        await api("POST", `${page.path}/ratings`, { body: one.body, score, words: words.value.trim() });
        return "";
      } catch (error) {
        if (error instanceof ApiError && error.status === 401) location.assign(logInPath());
        return error instanceof ApiError ? error.message : "没有记下，再按一次。";
      }
    },
  });
  if (!done) return;
  await page.load();
  toast("记下了，标明是代填的");
}
