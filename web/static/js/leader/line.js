// The queue on the leader's first page: on and off duty, the line in order with its reasons, and what can be done about
// whoever waits.  today.js shows the people; this knows the order and the deeds.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { clockTime } from "/static/js/time.js";

const HALLS_SHOWN = 3;
/** What whoever waits asked for. @type {Record<string, string>} */
const INTERPRETERS = { sign: "要手语翻译", language: "要别的语言的翻译" };

/** @type {{line: any[], halls: any[], basis: string, rules: any[]}} */
let queue = { line: [], halls: [], basis: "", rules: [] };
let shown = "";
/** @type {() => void} */
let changed = () => undefined;

/** What the queue says of a reception; null for one who does not wait. @param {string} id */
export function rowOf(id) {
  return queue.line.find((row) => row.reception_id === id) || null;
}

/** Rows in the order in which people are called; the others behind, as they came. @param {any[]} rows */
export function inOrder(rows) {
  const at = new Map(queue.line.map((row, index) => [row.reception_id, index]));
  return [...rows].sort((one, other) => (at.get(one.id) ?? 9999) - (at.get(other.id) ?? 9999));
}

/** The word on a waiting person's badge. @param {any} place */
export function badgeWords(place) {
  if (place.mine) return ["ok", "video", "已经叫了，等他坐好"];
  if (place.called_by) return ["line", "users", `${place.called_by}叫了`];
  if (place.place === 1) return ["accent", "clock", "下一位"];
  return place.place ? ["line", "clock", `第 ${place.place} 位`] : null;
}

/** That somebody is to be asked in to interpret; empty: nobody. @param {any} place @returns {string} */
export const interpreterWords = (place) => INTERPRETERS[place?.interpreter] || "";

/** Sentences about the place. @param {any} place */
export function placeFacts(place) {
  const wait = place.wait ? el("p", {}, place.wait.replace("叫您", "叫到")) : null;
  const needed = interpreterWords(place) && el("div.banner.warn", {}, icon("users"), el("b", {}, `${interpreterWords(place)}。开始以后，按“请人加入”请一位翻译。`));
  return el("div", {}, needed || null, el("h3", {}, "为什么排在这里"), el("p", {}, place.why), wait, history(place));
}

/** Whose history is open: what is drawn anew while somebody reads it stays open. */
let reading = "";

/** What was done about whoever waits, and by whom; asked for when it is opened. @param {any} place */
function history(place) {
  const list = el("ol.small", {});
  const box = /** @type {HTMLDetailsElement} */ (el("details", { class: "queue-history" }, el("summary", {}, "叫号的经过"), list));
  box.addEventListener("toggle", async () => {
    if (!box.open) {
      if (box.isConnected) reading = "";
      return;
    }
    reading = place.reception_id;
    try {
      const { events } = await api("GET", `/api/queue/${place.reception_id}/events`);
      list.replaceChildren(...events.map((/** @type {any} */ one) => el("li", {}, `${clockTime(one.at)}　${one.author}：${one.what}${one.why ? `（${one.why}）` : ""}`)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      list.replaceChildren(el("li", {}, error.message));
    }
  });
  box.open = reading === place.reception_id;
  return box;
}

/** @param {any} next */
function take(next) {
  queue = next;
  drawDuty();
  changed();
}

/** Asks anew; an error is for the caller. */
export async function load() {
  queue = await api("GET", "/api/queue");
  drawDuty();
}

/** @param {string} words */
function say(words) {
  tell(byId("queue-trouble"), words);
}

/** @param {() => Promise<any>} ask @returns {Promise<boolean>} */
async function attempt(ask) {
  try {
    take(await ask());
    say("");
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(error.message);
    if (error.code !== "offline") await load().catch(() => undefined);
    changed();
    return false;
  }
}

/** @param {any} place @param {string} deed @param {Object} [more] */
function act(place, deed, more = {}) {
  return attempt(() => api("POST", `/api/queue/${place.reception_id}/${deed}`, { version: place.version, ...more }));
}

// --- on and off duty ------------------------------------------------------------------------------------------------

function drawDuty() {
  const now = JSON.stringify([queue.halls, queue.basis]);
  if (now === shown) return;
  shown = now;
  const box = byId("duty");
  const focused = document.activeElement instanceof HTMLElement && box.contains(document.activeElement) ? document.activeElement.dataset.hall : "";
  const serving = queue.halls.filter((hall) => hall.on_duty);
  const words = serving.length ? `您在岗：${serving.map((hall) => hall.name).join("、")}。${queue.basis}` : "您不在岗。上岗以后，按次序叫号。";
  const first = [...queue.halls].sort((one, other) => Number(other.on_duty) - Number(one.on_duty) || other.waiting - one.waiting);
  const others = first.slice(HALLS_SHOWN);
  box.replaceChildren(el("span.wide", {}, words), ...first.slice(0, HALLS_SHOWN).map(hallButtons),
    ...(others.length ? [el("details", {}, el("summary", {}, `其他 ${others.length} 个大厅`), ...others.map(hallButtons))] : []));
  if (focused) /** @type {HTMLElement|null} */ (box.querySelector(`[data-hall="${focused}"]`))?.focus();
}

/** @param {any} hall */
function hallButtons(hall) {
  const words = hall.on_duty ? `${hall.name}离岗` : `${hall.name}上岗`;
  const label = hall.waiting ? `${words}（${hall.waiting} 位在等）` : words;
  const button = el("button.btn", { type: "button", "data-hall": hall.id, "aria-pressed": String(hall.on_duty) }, icon(hall.on_duty ? "check" : "users"), label);
  return el("span.row.wrap", {}, button, hall.display ? el("a.small.nb", { href: hall.display, target: "_blank", rel: "noopener" }, "大厅屏幕") : null);
}

/** @param {Event} event */
function duty(event) {
  const button = event.target instanceof Element ? event.target.closest("[data-hall]") : null;
  if (!(button instanceof HTMLElement)) return;
  const id = Number(button.dataset.hall);
  const served = queue.halls.filter((hall) => hall.on_duty).map((hall) => hall.id);
  const halls = served.includes(id) ? served.filter((one) => one !== id) : [...served, id];
  attempt(() => api("PUT", "/api/queue/duty", { halls }));
}

// --- about whoever is chosen ----------------------------------------------------------------------------------------

/** @param {string} deed @param {string} drawing @param {string} words @param {any} place */
function deedButton(deed, drawing, words, place) {
  return el("button.btn", { type: "button", "data-deed": deed, "data-reception": place.reception_id }, icon(drawing), words);
}

/** What can be done now, beside opening the talk. @param {any} place */
export function deeds(place) {
  const buttons = [];
  if (place.mine) buttons.push(deedButton("skip", "clock", "人不在，往后让", place), deedButton("return", "back", "放回去", place));
  else if (place.called_by) buttons.push(deedButton("skip", "clock", "人不在，替他往后让", place), deedButton("return", "back", "替他放回去", place));
  else if (place.place) buttons.push(deedButton("call", "bell", place.place === 1 ? "叫号" : "先叫这一位", place));
  if (place.skips) buttons.push(deedButton("no-show", "cross", "没有来，取消", place));
  buttons.push(deedButton("transfer", "swap", "转给别人", place), deedButton("claims", "info", "要照顾", place));
  return el("span.row.wrap.deeds", {}, ...buttons);
}

/** @param {Event} event */
function deed(event) {
  const button = event.target instanceof Element ? event.target.closest("[data-deed]") : null;
  const place = button instanceof HTMLElement ? rowOf(button.dataset.reception || "") : null;
  if (!place || !(button instanceof HTMLElement)) return;
  const name = button.dataset.deed || "";
  if (name === "call" && place.place > 1) askWhy(place, "call", `先叫 ${place.number}`, "前面还有人先到，请写明为什么先叫这一位。");
  else if (name === "transfer") askTransfer(place);
  else if (name === "claims") askClaims(place);
  else if ((name === "skip" || name === "return") && !place.mine) askWhy(place, name, name === "skip" ? `${place.number} 往后让` : `${place.number} 放回去`, `这个号是${place.called_by}叫的，请写明为什么替他办。`);
  else if (name === "no-show") askWhy(place, "no-show", `取消 ${place.number}`, "取消以后这个号就没有了，机器给下一位用。");
  else act(place, name);
}

/** A dialog with a reason. @param {any} place @param {string} name @param {string} title @param {string} text
 * @param {HTMLElement[]} fields @param {() => Object} more */
function askWhy(place, name, title, text, fields = [], more = () => ({})) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("queue-dialog"));
  const why = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "queue-why", maxlength: 200, rows: 2, required: true }));
  const form = el("form.stack.g4", { method: "dialog" },
    el("h2", {}, title), el("p", {}, text), ...fields, el("div.field", {}, el("label", { for: "queue-why" }, "原因"), why),
    el("div.row", {}, el("button.btn.primary", { type: "submit", value: "yes" }, "就这样办"), el("button.btn", { type: "button", "data-close": true }, "不办了")));
  form.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", () => act(place, name, { why: why.value, ...more() }));
  dialog.replaceChildren(form);
  dialog.showModal();
  (fields[0]?.querySelector("select, input") || why).focus();
}

/** @param {any} place */
async function askTransfer(place) {
  let receivers = [];
  try {
    ({ receivers } = await api("GET", `/api/queue/${place.reception_id}/receivers`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return say(error.message);
  }
  const options = receivers.map((/** @type {any} */ one) => el("option", { value: one.id }, `${one.name}${one.on_duty ? "（在岗）" : "（不在岗）"}`));
  const choice = /** @type {HTMLSelectElement} */ (el("select.input", { id: "queue-to" }, el("option", { value: "" }, "谁空着谁接"), ...options));
  const field = el("div.field", {}, el("label", { for: "queue-to" }, "转给谁"), choice);
  return askWhy(place, "transfer", `转 ${place.number}`, "排队的先后不变。", [field], () => ({ to_id: choice.value ? Number(choice.value) : null }));
}

/** @param {any} place */
function askClaims(place) {
  const boxes = queue.rules.filter((rule) => rule.active && rule.said_by !== "booking").map((rule) => el("label.row", {}, el("input", { type: "checkbox", value: rule.id, checked: place.claims.includes(rule.id) }), `${rule.who}，${rule.effect}`));
  const field = el("fieldset.stack.g2", {}, el("legend", {}, "有哪些情况"), ...boxes);
  const chosen = () => [.../** @type {NodeListOf<HTMLInputElement>} */ (field.querySelectorAll("input:checked"))].map((box) => box.value);
  askWhy(place, "claims", `${place.number} 要不要照顾`, "照规则排，谁都看得到为什么。", [field], () => ({ claims: chosen() }));
}

/** Keys: 叫下一位 is F9 as on the desk "next"; never while somebody types. @param {KeyboardEvent} event */
function key(event) {
  if (event.isComposing || event.keyCode === 229 || event.code !== "F9" || event.shiftKey) return;
  if (/** @type {HTMLDialogElement} */ (byId("queue-dialog")).open) return;
  const next = queue.line.find((row) => row.place === 1);
  if (!next) return;
  event.preventDefault();
  act(next, "call");
}

/** @param {() => void} redraw called when the queue changed by something that was done here */
export function startQueue(redraw) {
  changed = redraw;
  say("");
  byId("duty").addEventListener("click", duty);
  byId("detail").addEventListener("click", deed);
  document.addEventListener("keydown", key);
}
