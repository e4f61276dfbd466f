// How far a matter has come, as parts of a page: the public page and the kiosk show the same.
import { el, icon } from "/static/js/dom.js";
import { whyThisDate } from "/static/js/why_this_date.js";

/** @typedef {{name: string, due: string, weekday: string, days_left: number, overdue: boolean, article: string, starts: string, counted: string, left_out: string[], extension: string, notes: string[]}} Deadline */

/** @param {{at: string, what: string, note: string, done: boolean}} step */
function stepItem(step) {
  const small = [step.at, step.note].filter(Boolean).map((words) => el("small", {}, words));
  const place = el("div", {}, el("span.vh", {}, step.done ? "办了：" : "还没有到："), step.what, ...small);
  return el(step.done ? "li" : "li.to", {}, icon(step.done ? "okc" : "clock"), place);
}

/** @param {Deadline} deadline */
function deadlineParts(deadline) {
  const over = deadline.days_left < 0 && !deadline.overdue;
  const [year, month, day] = deadline.due.split("-").map(Number);
  const weekday = deadline.weekday.startsWith("星期") ? deadline.weekday : `星期${deadline.weekday}`;
  const why = el("dl", {});
  for (const pair of whyThisDate(deadline)) why.append(el("div", {}, ...pair));
  return [
    el("hr.rule"),
    el("h2.small-h", {}, over ? `${deadline.name}的最后一天，已经过了` : `最迟哪天：${deadline.name}`),
    el("p.big", {}, el("span.nb", {}, `${year}年${month}月${day}日`), " ", el("span.nb", {}, weekday)),
    deadline.overdue ? el("p.bad", {}, el("b", {}, "已经过了这一天，您可以到接谈室来问。")) : null,
    el("details.why", {}, el("summary", {}, icon("ask"), "为什么是这一天"), why),
  ].filter((part) => part !== null);
}

/** Where it is, what comes next and until when. @param {any} progress */
export function nowCard(progress) {
  const card = el("section.card.tint.now.stack.g2", {}, el("h2.small-h", {}, "现在到哪一步"), el("p.lead", {}, el("b", {}, progress.now || progress.state)));
  if (progress.next_step) card.append(el("p", {}, progress.next_step));
  if (progress.deadline) card.append(...deadlineParts(progress.deadline));
  return card;
}

/** @param {any} progress */
export function stepsCard(progress) {
  return el("section.card.stack", {}, el("h2", {}, "一步一步"), el("ol.steps", {}, ...progress.steps.map(stepItem)));
}

const SCORES = [["satisfied", "满意"], ["basically", "基本满意"], ["dissatisfied", "不满意"]];
const QUESTION = { office: "登记和转办，您满意吗？", unit: "办理的结果，您满意吗？" };

/** @param {any} offer @param {boolean} words @param {(rating: {body: string, score: string, words: string}) => Promise<void>} rate */
function ratingForm(offer, words, rate) {
  const choices = SCORES.map(([score, name]) => el("label.choice", {}, el("input", { type: "radio", name: "score", value: score }), el("span", {}, name)));
  const area = el("textarea.input", { name: "words", rows: 2, maxlength: 500, id: `words-${offer.body}`, "aria-describedby": `words-hint-${offer.body}` });
  const trouble = el("p.error", { role: "alert", hidden: true });
  const form = /** @type {HTMLFormElement} */ (el("form.stack.g3", { novalidate: true },
    el("fieldset", {}, el("legend", {}, el("b", {}, offer.name), el("span.soft", {}, QUESTION[offer.body])), el("div.choices", {}, ...choices)),
    words ? el("div.field", {}, el("label", { for: `words-${offer.body}` }, "想说两句也行，不说也行"), area, el("span.hint", { id: `words-hint-${offer.body}` }, "您说的，只有督查的人看得到")) : null,
    trouble, el("button.btn.block", { type: "submit" }, "评好了")));
  once(form, trouble, () => {
    const score = new FormData(form).get("score");
    if (!score) return "先点一个：满意、基本满意，还是不满意";
    return rate({ body: offer.body, score: String(score), words: String(new FormData(form).get("words") || "").trim() });
  });
  return form;
}

/**
 * Sends once per press; `act` answers with what is wrong, or with what is being done.
 * @param {HTMLFormElement} form @param {HTMLElement} trouble @param {() => string | Promise<void>} act
 */
function once(form, trouble, act) {
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("[type=submit]"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    try {
      const wrong = await act();
      tellWrong(trouble, typeof wrong === "string" ? wrong : "");
    } catch (error) {
      tellWrong(trouble, error instanceof Error ? error.message : "");
    } finally {
      button.disabled = false;
    }
  });
}

/** @param {HTMLElement} place @param {string} words */
function tellWrong(place, words) {
  place.hidden = !words;
  place.replaceChildren(...(words ? [icon("alert"), words] : []));
}

/**
 * Rating the office and the unit; null where the matter is not rated.
 * @param {any} progress @param {{words: boolean, rate: (rating: any) => Promise<void>}} how
 */
export function ratingCard(progress, { words, rate }) {
  if (!progress.ratings.length) return null;
  const part = (/** @type {any} */ offer) => {
    if (offer.given) return el("p.done", {}, icon("okc"), el("span", {}, el("b", {}, offer.name), "　您已经评过了"));
    if (offer.why_not) return el("p.soft", {}, el("b", {}, offer.name), `　${offer.why_not}`);
    return ratingForm(offer, words, rate);
  };
  const quiet = el("p.lockline", {}, icon("lock"), el("span", {}, "办事的人看不到这是您评的，不影响您的事怎么办。"));
  return el("section.card.stack.rate", {}, el("h2", {}, "评一评"), ...progress.ratings.map(part), quiet);
}

/**
 * Asking for a review; null where nothing can be asked for in this state.
 * @param {any} progress @param {{words: boolean, ask: (words: string) => Promise<void>}} how
 */
export function reviewCard(progress, { words, ask }) {
  const { review } = progress;
  if (!review) return null;
  const card = el("section.card.stack.g3", {}, el("h2", {}, review.why_not ? `申请${review.name}` : `不服，可以申请${review.name}`));
  if (review.until && !review.why_not) card.append(el("p", {}, "最迟 ", el("b.nb", {}, review.until)));
  if (review.asked) card.append(el("p.done", {}, icon("okc"), el("span", {}, el("b", {}, `${review.asked}申请的`))));
  if (review.why_not) {
    card.append(el("p", {}, review.why_not));
    return card;
  }
  const area = el("textarea.input", { name: "words", rows: 3, maxlength: 2000, id: "review-words" });
  const trouble = el("p.error", { role: "alert", hidden: true });
  const form = /** @type {HTMLFormElement} */ (el("form.stack.g3", { novalidate: true },
    words ? el("div.field", {}, el("label", { for: "review-words" }, "哪里不服，写几句；也可以先不写，到时候再说"), area) : null,
    trouble, el("button.btn.block", { type: "submit" }, icon("scales"), `申请${review.name}`)));
  once(form, trouble, () => ask(String(new FormData(form).get("words") || "").trim()));
  card.append(form);
  return card;
}

/**
 * The petitioner's own copies; null where there is nothing to say of them.
 * @param {any} progress @param {(name: string, idLast6: string) => Promise<void>} fetchCopy
 */
export function copiesCard(progress, fetchCopy) {
  if (!progress.copies.length && !progress.copies_why_not) return null;
  const card = el("section.card.stack.g3", {}, el("h2", {}, "您自己的一份"));
  if (progress.copies_why_not) {
    card.append(el("p", {}, progress.copies_why_not));
    return card;
  }
  const input = /** @type {HTMLInputElement} */ (el("input.input.num", { id: "id-last6", maxlength: 6, autocomplete: "off", autocapitalize: "characters", spellcheck: "false", "aria-describedby": "id-last6-hint" }));
  const trouble = el("p.error", { role: "alert", hidden: true });
  const keys = progress.copies.map((/** @type {any} */ copy) => {
    const button = /** @type {HTMLButtonElement} */ (el("button.btn.block.long", { type: "button" }, icon("paper"), `取${copy.title}`));
    button.addEventListener("click", async () => {
      const typed = input.value.normalize("NFKC").toUpperCase().replace(/\s/g, "");
      if (!/^[0-9A-Z]{6}$/.test(typed)) {
        tellWrong(trouble, "请填证件号码的最后 6 位");
        input.focus();
        return;
      }
      button.disabled = true;
      try {
        await fetchCopy(copy.name, typed);
        tellWrong(trouble, "");
      } catch (error) {
        tellWrong(trouble, error instanceof Error ? error.message : "");
      } finally {
        button.disabled = false;
      }
    });
    return button;
  });
  card.append(el("div.field", {}, el("label", { for: "id-last6" }, "证件号码的最后 6 位"), input, el("span.hint", { id: "id-last6-hint" }, "里面有您说的话，要核对是不是您本人")), trouble, ...keys);
  return card;
}
