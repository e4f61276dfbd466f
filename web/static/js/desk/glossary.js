// The office's glossary: what corrections propose, and the words that are kept.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";
import { chineseMoment } from "/static/js/time.js";

const KINDS = { place: "地名", unit: "单位", person: "人名", term: "常说的词" };

/** @type {Object<string, [string, string, string]>} */
const STATES = { on: ["ok", "okc", "用上了"], trying: ["line", "clock", "正在试听"], off: ["line", "minus", "不用"], waiting: ["line", "clock", "等着试听"], rolled_back: ["warn", "alert", "用了不好，停了"] };

/** @param {any} word @param {string} state @param {string} words @param {string} look */
function decision(word, state, words, look = "") {
  const button = el(`button.btn.small${look}`, { type: "button", "aria-label": `${words}：${word.word}` }, words);
  button.addEventListener("click", () => decide(word, state, /** @type {HTMLButtonElement} */ (button)));
  return button;
}

/** The sentence with the word made bold. @param {string} text @param {string} word */
function withWord(text, word) {
  const at = text.indexOf(word);
  if (at < 0) return [text];
  return [text.slice(0, at), el("b", {}, word), text.slice(at + word.length)];
}

/** @param {any} word GlossaryEntry of server/protocol/glossary.py */
function proposal(word) {
  const sentences = word.sentences.map((one) => el("li", {}, el("a", { href: `/desk/${one.record_id}` }, ...withWord(one.text, word.word)), el("div.small.soft", {}, `听写成：${one.recognised}`)));
  const kind = el("select.input", { "aria-label": `${word.word}是什么` }, ...Object.entries(KINDS).map(([value, words]) => el("option", value === word.kind ? { value, selected: "" } : { value }, words)));
  kind.addEventListener("change", () => { word.kind = /** @type {HTMLSelectElement} */ (kind).value; });
  const where = sentences.length ? el("ul", {}, ...sentences) : el("span.mute", {}, "那几句您看不到。");
  return el("tr", { "data-word": word.word }, el("td", {}, el("b", {}, word.word)), el("td", {}, where), el("td", {}, kind), el("td.r", {}, decision(word, "on", "用上"), " ", decision(word, "off", "不用", ".quiet")));
}

/** Is there nothing yet that a word could be tried on? @param {any} word */
const isWaiting = (word) => word.state === "trying" && Boolean(word.note);

/** @param {any} word */
function row(word) {
  const [tone, drawing, words] = STATES[isWaiting(word) ? "waiting" : word.state];
  const by = word.decided_by ? `${word.decided_by}，${chineseMoment(word.at)}` : chineseMoment(word.at);
  const button = ["on", "trying"].includes(word.state) ? decision(word, "off", "不用了") : decision(word, "on", "用上");
  return el("tr", { "data-word": word.word }, el("td", {}, el("b", {}, word.word)), el("td", {}, KINDS[word.kind]), el("td", {}, el(`span.badge.${tone}`, {}, icon(drawing), words), word.note ? el("div.small.soft", {}, word.note) : null), el("td", {}, by), el("td.r", {}, button));
}

/** @param {string} kind @param {HTMLElement[]} rows @param {string} nothing */
function fill(kind, rows, nothing) {
  const count = byId(`count-${kind}`);
  count.hidden = rows.length === 0;
  count.textContent = `${rows.length} 个`;
  byId(`rows-${kind}`).replaceChildren(...(rows.length ? rows : [el("tr", {}, el("td.mute", { colspan: 5 }, nothing))]));
}

async function load() {
  try {
    const { words } = await api("GET", "/api/glossary");
    fill("proposed", words.filter((one) => one.state === "proposed").map(proposal), "现在没有要定的词。");
    fill("words", words.filter((one) => one.state !== "proposed").map(row), "还没有词。添一个，或者等校对时改出来。");
    if (words.some((one) => one.state === "trying" && !isWaiting(one))) setTimeout(load, 3000);
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了。网一通，会自己再取一次。" : said(error));
  }
}

/** @param {any} word @param {string} state @param {HTMLButtonElement} button */
async function decide(word, state, button) {
  button.disabled = true;
  tell(byId("trouble"), "");
  try {
    await api("PUT", `/api/glossary/${word.id}`, { state, kind: word.kind });
    await load();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("trouble"), said(error));
    button.disabled = false;
  }
}

/** @param {boolean} open */
function showAdding(open) {
  byId("adding").hidden = !open;
  byId("open-adding").setAttribute("aria-expanded", String(open));
  byId(open ? "word-word" : "open-adding").focus();
}

byId("open-adding").addEventListener("click", () => showAdding(byId("adding").hidden));
byId("close-adding").addEventListener("click", () => showAdding(false));
const form = /** @type {HTMLFormElement} */ (byId("adding"));
onSend(
  form,
  (fields) => wrongOnly({ word: required(fields.word, "要添的词", 2) }),
  async (fields) => {
    await api("POST", "/api/glossary", fields);
    form.reset();
    showAdding(false);
    await load();
  },
  byId("trouble-adding"),
);
addEventListener("online", load);
load();
