// The correction page: the recording, the lines and the form, in step with each other and with the office.

import { Afterwards } from "/static/js/desk/afterwards.js";
import { showAlone } from "/static/js/desk/alone.js";
import { api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { chineseMoment, clockAt, clockSeconds, mediaTime } from "/static/js/time.js";
import { ask, askWhich, toast } from "/static/js/desk/ask.js";
import { showAttendance } from "/static/js/attendance.js";
import { showPapers } from "/static/js/papers.js";
import { Edits } from "/static/js/desk/edits.js";
import { picked } from "/static/js/desk/cite.js";
import { path } from "/static/js/desk/first.js";
import { Form, evidenceOf } from "/static/js/desk/form.js";
import { Half } from "/static/js/desk/half.js";
import { showHistory } from "/static/js/desk/history.js";
import { Keys, shown } from "/static/js/desk/keys.js";
import { showKeys } from "/static/js/desk/keysheet.js";
import { Lines } from "/static/js/desk/lines.js";
import { showLoudness } from "/static/js/desk/loudness.js";
import { beginning, completed, expanded, known, merged, newsSince, wholeRecord } from "/static/js/desk/merge.js";
import { Overview } from "/static/js/desk/overview.js";
import { rowKey } from "/static/js/desk/others.js";
import { Places } from "/static/js/desk/places.js";
import { Overwritten } from "/static/js/desk/overwritten.js";
import { Player } from "/static/js/desk/player.js";
import { Promised } from "/static/js/desk/promised.js";
import { Speakers, isNobodys, people } from "/static/js/desk/speakers.js";
import { showFellows } from "/static/js/desk/fellows.js";
import { Saver, isPassing, wordsOf } from "/static/js/desk/saver.js";
import { findAndReplace, planned } from "/static/js/desk/replace.js";
import { showState } from "/static/js/desk/states.js";
import { stepButtons } from "/static/js/desk/steps.js";
import { chooseField } from "/static/js/desk/tofield.js";
import { TypingPause } from "/static/js/desk/typing.js";
import { decisionWords } from "/static/js/undertakings.js";

const BACK_S = 2;
const FAR_BACK_S = 5;
const PULSE_MS = 1000;
const REFRESH_MS = 5000;
const AROUND_S = 0.8;
/** Edits in one request, as server/protocol/edits.py takes them. */
const AT_ONCE = 1000;
/** More take so long that something has to be said meanwhile. */
const SOME = 100;
/** The first lines are on the screen before what needs ears is looked for. */
const PLACES_MS = 50;
const AGAIN_MS = 300;
/** Nothing waits for the waveform. */
const LOUDNESS_MS = 1500;

const root = byId("desk");
const recordId = root.dataset.record || "";
const isClerk = root.dataset.role === "clerk";
const saver = new Saver(recordId, root.dataset.user || "", () => record);
const pending = (/** @type {string} */ key) => saver.pending(key);
const lines = new Lines(byId("lines"), { pending, held: (key) => saver.isHeld(key) });
const form = new Form(byId("form"), { pending, dragged: () => dragged });
const overview = new Overview(byId("lanes"));
const places = new Places({ list: byId("places"), count: byId("places-count"), bar: byId("places-bar"), words: byId("places-words"), left: byId("places-left") });
const half = new Half(recordId, root.dataset.user || "");
const promised = new Promised(byId("undertakings"), (id) => saver.waitingEdit(`promise:${id}`), half);
const keys = new Keys(root.dataset.user || "");
const pause = new TypingPause(root.dataset.user || "", () => player);
const edits = new Edits(saver, lines, half, () => record);
const speakers = new Speakers({ current: () => lines.current, assign: (line, id) => edits.speaker(line, id), go: (id) => goTo(id, true), refresh: () => void refresh() });
const overwritten = new Overwritten(byId("overwritten"), root.dataset.name || "", { line: (id) => goTo(id, false), field: (name) => { showPane("form"); form.go(name); } });
const afterwards = new Afterwards();
const tools = /** @type {HTMLElement} */ (/** @type {HTMLTemplateElement} */ (byId("tools")).content.firstElementChild);

/** @type {any} */
let record = null;
/** The record whose places to check are shown. @type {any} */
let settled = null;
let settling = 0;
/** Until then there may be the beginning of the record only. @type {Promise<void>} */
let whole = Promise.resolve();
/** @type {Player | null} */
let player = null;
/** Words of the record on their way to the form. @type {import("/static/js/desk/cite.js").Picked | null} */
let dragged = null;
/** The place of which this page shows two texts; "": none. */
let choosing = "";
/** One question at a time. @type {Promise<void>} */
let asking = Promise.resolve();
/** Steps the clerk is taking back or doing again: what changes then is nobody else's. */
let stepping = 0;

// --- showing -----------------------------------------------------------------------------------------------------

/** Shows the record, or what is new in it. @param {any} news */
function show(news) {
  if (record && news.version < record.version) return;
  const first = !record;
  const fresh = merged(record, news);
  if (!fresh) return void refresh();
  const objections = first || record.partial ? [] : newObjections(record, fresh);
  const before = first || stepping ? [] : record.body;
  record = fresh;
  const editable = isClerk && record.may_edit;
  lines.editable = editable;
  lines.tools = editable ? tools : null;
  if (!editable) tools.remove();
  root.classList.toggle("readonly", !editable);
  lines.show(record);
  overwritten.look(before, record, lines.byId, pending);
  form.show(record, editable);
  settlePlacesSoon(first ? PLACES_MS : AGAIN_MS);
  showHead(editable);
  if (first || player?.segmentCount !== record.segments.length) openPlayer();
  overview.show(record, player?.end || record.seconds);
  overview.move(player?.position || 0);
  if (lines.current) showTools();
  if (objections.length) toast(`群众说第 ${objections.map((line) => record.body.indexOf(line) + 1).join("、")} 句不对`, "hand");
}

/** Lines that the petitioner spoke against since the page last looked. @param {any} before @param {any} now @returns {any[]} */
function newObjections(before, now) {
  const known = new Map(before.body.map((/** @type {any} */ line) => [line.id, line.disputed]));
  return now.body.filter((/** @type {any} */ line) => line.disputed && !line.deleted && known.get(line.id) !== line.disputed);
}

/** Looked for soon, and once for several saves that follow each other: a long record has thousands of places. @param {number} ms */
function settlePlacesSoon(ms) {
  settling ||= window.setTimeout(settlePlaces, ms);
}

/** What needs ears, of the record as it stands now. */
function settlePlaces() {
  clearTimeout(settling);
  settling = 0;
  if (!record || record.partial || settled === record) return;
  settled = record;
  places.show(record, lines.editable);
  showHead(lines.editable);
}

/** How many places nobody has heard yet. */
async function leftToHear() {
  await whole;
  settlePlaces();
  return places.left().length;
}

/** Does it when all lines are here. @param {() => void} act */
async function withAllLines(act) {
  await whole;
  if (record && !record.partial) act();
  else toast("后面的字还没取来，网一通就好", "netoff");
}

/** @param {boolean} editable */
function showHead(editable) {
  byId("whose").textContent = [record.petitioner, record.matter].filter(Boolean).join("　");
  document.title = `${record.petitioner} 的笔录 · 接谈`;
  showState(byId("state"), record.state);
  byId("steps").replaceChildren(...stepButtons(record, { isClerk, left: leftToHear, run }));
  form.head(byId("unsourced"));
  tell(byId("recognition"), record.recognition === "done" ? "" : record.recognition_message || "还在把录音变成文字，后面还会有句子加进来。");
  tell(byId("copies"), record.copy_message);
  showAlone(byId("alone"), record);
  tell(byId("readonly"), editable ? "" : readonlyWords());
  byId("undo").hidden = byId("redo").hidden = !editable;
  showSecondPass(record.second_pass);
  showModel(record.model);
  showAttendance(byId("attendance"), record.attendance);
  showPapers(byId("papers"), record.papers);
  promised.show(record, editable);
  speakers.show(record, editable);
  showDisputes();
  showNothing();
}

function readonlyWords() {
  const words = {
    confirmed: "已经交给群众核对，现在只能看、只能听。要改，先“重新打开”。",
    signed: `群众已经签字（${chineseMoment(record.signed_at)}）。要改先“重新打开”，改好请群众再看、再签。`,
    refused: `群众没有签字：${record.refusal_reason}`,
    filed: `已经归档，编号 ${record.case_no}。归了档的笔录不能改，有话要补，到信访事项里“补正”。`,
  }[/** @type {string} */ (record.state)];
  return words || (isClerk ? "" : "您可以看、可以听，改由接谈员来改。");
}

/** @param {any} done */
function showSecondPass(done) {
  const box = byId("second-pass");
  const fresh = record.suggestions.filter((/** @type {any} */ one) => !one.line_id);
  const words = done ? done.text : "";
  const state = JSON.stringify([words, fresh.map((/** @type {any} */ one) => one.id)]);
  box.hidden = !words;
  if (box.dataset.state === state) return;
  box.dataset.state = state;
  const go = fresh.length && el("button.link", { type: "button" }, `多听到 ${fresh.length} 句，去看`);
  if (go) go.addEventListener("click", () => goTo(rowKey(fresh[0], lines.editable), true));
  box.replaceChildren(icon("ear"), el("span", {}, words), ...(go ? [go] : []));
}

/** What became of asking the language model. @param {{text: string, may_ask_again: boolean} | null} model */
function showModel(model) {
  const place = byId("model");
  place.hidden = !model?.text;
  const state = JSON.stringify(model);
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  const again = el("button.link", { type: "button" }, "再问一次");
  again.addEventListener("click", () => run(() => api("POST", `${path}/model`)));
  place.replaceChildren(model?.text || "", ...(isClerk && model?.may_ask_again ? ["　", again] : []));
}

function showDisputes() {
  const disputed = record.body.filter((/** @type {any} */ line) => line.disputed && !line.deleted);
  const box = byId("disputes");
  box.hidden = !disputed.length;
  if (box.hidden) return;
  const go = el("button.link", { type: "button" }, "去看");
  go.addEventListener("click", () => goTo(disputed[0].id, true));
  box.querySelector("div")?.replaceChildren(el("b", {}, `群众说有 ${disputed.length} 句不对。`), "改好了再交一次。　", go);
}

function showNothing() {
  const empty = record.body.length === 0;
  byId("nothing").hidden = !empty;
  byId("lines").hidden = empty;
  const words = record.recognition === "done" ? "录音里没有听出话来。可以放一遍录音，听到什么，再告诉信访人补说。" : "录音已经存好，文字出来以后会自己出现在这里。";
  if (empty) /** @type {HTMLElement} */ (byId("nothing").querySelector("p")).textContent = words;
}

function showSaved() {
  const button = byId("saved");
  const waiting = saver.waiting;
  const [tone, drawing, words] = saver.error && waiting ? ["warn", "netoff", `${waiting} 处还没传上去`]
    : saver.refused.length ? ["bad", "alert", `${saver.refused.length} 处没存上`]
      : waiting ? ["mute", "save", "正在存"]
        : saver.savedAt ? ["ok", "save", `${clockSeconds(saver.savedAt)} 已自动保存`] : ["", "", ""];
  button.hidden = !words;
  button.className = `saved small ${tone}`;
  if (button.dataset.drawing !== drawing) button.replaceChildren(icon(drawing || "save"), el("span"));
  button.dataset.drawing = drawing;
  const place = /** @type {HTMLElement} */ (button.querySelector("span"));
  if (place.textContent !== words) place.textContent = words;
  tell(byId("offline"), saver.error && waiting ? offlineWords(waiting) : "");
  showRefused();
}

/** @param {number} waiting */
function offlineWords(waiting) {
  const kept = saver.onDisk ? "都存在这台电脑上" : "只在这个页面里，先别关它";
  if (saver.error.status === 401) return `登录到时间了。您改的 ${waiting} 处${kept}，请在新的窗口里登录，这里会自己接着存。`;
  if (saver.error.status === 0) return `网断了，您可以接着改。改的${kept}，网一通自己传上去。还没传的：${waiting} 处。`;
  return `${saver.error.message}您改的 ${waiting} 处${kept}，过一会儿自己再传。`;
}

function showRefused() {
  const stuck = saver.refused.filter((change) => change.why !== "conflict");
  const box = byId("refused");
  box.hidden = !stuck.length;
  if (box.hidden) return;
  const look = el("button.link", { type: "button" }, "看没存上的");
  look.addEventListener("click", showStuck);
  box.querySelector("div")?.replaceChildren(`有 ${stuck.length} 处没存上：${stuck[0].why}您写的字还在。　`, look);
}

async function showStuck() {
  const stuck = saver.refused.filter((change) => change.why !== "conflict");
  const items = stuck.map((change) => el("li", {}, el("p.small.bad", {}, change.why || ""), el("p.kept", {}, wordsOf(change.edit))));
  const answer = await ask({ title: "没存上的", wide: true, body: [el("p", {}, "需要的话，先把字抄下来或者复制走。"), el("ol", {}, ...items)], buttons: [{ value: "", words: "先留着", kind: "primary" }, { value: "drop", words: "不要了", kind: "danger" }] });
  if (answer === "drop") stuck.forEach((change) => saver.drop(change));
  refresh();
}

// --- playing -----------------------------------------------------------------------------------------------------

const SHOWN = { document: "的材料", screen: "的屏幕" };

/** @param {string} participantId @param {string} kind @param {string} source */
function elementFor(participantId, kind, source) {
  const person = record.participants.find((/** @type {any} */ p) => p.id === participantId);
  const media = /** @type {HTMLMediaElement} */ (el(kind === "video" ? "video" : "audio", { preload: "auto", playsinline: true, "data-participant": participantId }));
  if (kind === "video") byId("screens").append(el("figure", {}, media, el("figcaption", {}, `${person?.name || ""}${SHOWN[/** @type {keyof typeof SHOWN} */ (source)] ?? ""}`)));
  else byId("sounds").append(media);
  return media;
}

function openPlayer() {
  const at = player?.position || 0;
  player?.pause();
  byId("screens").replaceChildren();
  byId("sounds").replaceChildren();
  player = new Player(record.segments, record.seconds, elementFor);
  player.addEventListener("position", heard);
  player.addEventListener("state", showPlayer);
  player.addEventListener("trouble", (event) => cannotPlay(/** @type {CustomEvent} */ (event).detail));
  byId("pictures").hidden = !record.segments.some((/** @type {any} */ s) => s.kind === "video");
  shownSecond = -1;
  player.seek(at);
  showPlayer();
  setTimeout(() => showLoudness(record.segments, overview), LOUDNESS_MS);
}

/** The clock's words change once a second, not with every picture. */
let shownSecond = -1;

function heard() {
  if (!player) return;
  const second = Math.floor(player.position);
  if (second !== shownSecond) {
    byId("clock").textContent = clockAt(record.started_at, player.position);
    byId("position").textContent = `${mediaTime(player.position)} / ${mediaTime(player.end)}`;
  }
  shownSecond = second;
  overview.move(player.position);
  lines.speak(player.playing ? player.position : null, player.until === null);
}

function showPlayer() {
  if (!player) return;
  const button = byId("toggle");
  const [drawing, words] = player.playing ? ["pause", "暂停"] : ["play", "播放"];
  if (button.dataset.drawing !== drawing) button.replaceChildren(icon(drawing));
  button.dataset.drawing = drawing;
  button.setAttribute("aria-label", words);
  tell(byId("rate"), `${player.rate} 倍`);
  heard();
}

/** What the office says about a file that does not play; "" when it says nothing. @param {string} url */
async function whyNot(url) {
  try {
    const response = await fetch(url, { headers: { Range: "bytes=0-0" }, cache: "no-store" });
    return response.ok ? "" : (await response.json()).error.message;
  } catch {
    return "";
  }
}

/** @param {any} segment */
async function cannotPlay(segment) {
  const why = await whyNot(segment.url);
  const again = el("button.link", { type: "button" }, "再试一次");
  again.addEventListener("click", () => { byId("trouble").hidden = true; player?.mend(); });
  const person = record.participants.find((/** @type {any} */ p) => p.id === segment.participant_id)?.name || "";
  const what = segment.kind === "video" ? "画面" : "录音";
  byId("trouble").hidden = false;
  byId("trouble").querySelector("div")?.replaceChildren(el("b", {}, `${person}从 ${clockAt(record.started_at, segment.start)} 起的${what}暂时放不出来。`), `文字能照常改，别的${what}照常放。${why}　`, again);
}

/** A place that the passes heard differently, with what was said around it. @param {any} one a suggestion */
function hearOther(one) {
  player?.playStretch(Math.max(0, one.start - AROUND_S), one.end + AROUND_S);
}

/** What only the second pass heard, or the first other reading of the current line. */
function currentOther() {
  return lines.editable ? lines.added.get(lines.current) || (lines.others.get(lines.current) || [])[0] : undefined;
}

/** What is proposed for the field in which the caret is. */
function proposalHere() {
  return lines.editable ? form.proposalAt(document.activeElement) : undefined;
}

function takeOther() {
  const one = proposalHere();
  if (one) takeProposal(one);
  else take(currentOther());
}

function dismissOther() {
  const [proposed, other] = [proposalHere(), currentOther()];
  if (proposed) edits.dismissProposal(proposed);
  else if (other) edits.dismiss(other);
}

/** @param {any} one a proposal */
function takeProposal(one) {
  overwritten.fields.delete(one.field);
  edits.takeProposal(one, form.values.get(one.field));
}

/** @param {any} one */
function take(one) {
  if (one && (one.text || one.stands !== lines.byId.get(one.line_id)?.text)) edits.take(one);
}

/** The sentence of a promise, wherever it lies now. @param {any} one */
function hearPromise(one) {
  const said = one.id.slice(0, one.id.lastIndexOf("-"));
  const found = record.body.filter((/** @type {any} */ line) => line.utterance_ids.includes(said));
  if (!found.length) return player?.seek(one.start);
  showPane("text");
  lines.select(found[0].id);
  return player?.playStretch(one.start, Math.max(...found.map((/** @type {any} */ line) => line.end)));
}

/** Where a field was said: to hear, and to see if it stands in the record. @param {any} evidence */
function hearPlace(evidence) {
  const line = record.body.find((/** @type {any} */ one) => !one.deleted && one.utterance_ids.includes(evidence.utterance_id));
  if (line) lines.select(line.id);
  player?.playStretch(evidence.start, evidence.end);
}

/** The chosen words go into a field of the form; a key or a button asks which. */
async function toField() {
  if (!lines.editable) return;
  const words = picked(lines);
  if (!words) return toast("先在笔录里选中要放进登记表的话", "info");
  const field = await chooseField(form.values.values(), words.text);
  if (field) form.put(field, words);
}

/** What was put right in the current line, or the word chosen in it, goes to the glossary's proposals. */
async function toGlossary() {
  const words = lines.editable ? picked(lines) : null;
  const line = words?.lines[0];
  if (!words || words.lines.length !== 1) return lines.editable && toast("先在笔录里点一下改过的那一句", "info");
  const word = words.text === (lines.pending(`line:${line.id}`) ?? line.text) ? "" : words.text;
  if (!(await saver.flush())) return toast("还有改动没存上，存好再送", "alert");
  try {
    return toast((await api("POST", `/api/records/${recordId}/glossary`, { line_id: line.id, word })).text);
  } catch (error) {
    return toast(/** @type {any} */ (error).message, "info");
  }
}

/** @param {string} id */
function hear(id) {
  const [line, added] = [lines.byId.get(id), lines.added.get(id)];
  if (added) hearOther(added);
  if (line && line.end > line.start) player?.playStretch(line.start, line.end);
}

// --- moving ------------------------------------------------------------------------------------------------------

/** From the word that was clicked: to the end of the sentence, or on and on. @param {{id: string, at: number | null, on: boolean}} word */
function hearWord({ id, at, on: andOn }) {
  const line = lines.byId.get(id);
  if (at === null || !line) return hear(id);
  pause.forget();
  if (!andOn) return player?.playStretch(at, Math.max(line.end, at));
  player?.seek(at);
  return player?.play();
}

/** What is heard may begin a moment after what is seen. @param {string} id @param {boolean} aloud @param {import("/static/js/desk/lines.js").PlaceOfText} [place] to be chosen in the line */
function goTo(id, aloud, place) {
  showPane("text");
  lines.select(id, { place, focus: lines.editable && !matchMedia("(pointer: coarse)").matches });
  if (aloud) afterwards.add(() => hear(id));
}

/** @param {number} direction */
function step(direction) {
  const line = lines.neighbour(direction);
  if (line) goTo(line.id, false);
}

/** The place is chosen: what is typed stands in its stead. @param {import("/static/js/desk/places.js").Place} place */
function goToPlace({ line, risk }) {
  goTo(line.id, line.id !== lines.current || !player?.playing, risk);
}

/** @param {number} direction */
function nextPlace(direction) {
  if (record?.partial) return void withAllLines(() => nextPlace(direction));
  if (!settled) settlePlaces();
  const place = record && places.next(lines.current, direction);
  if (place) goToPlace(place);
  else toast("要紧处都听过了");
}

/** Heard and right: on to the next place to check, or the next sentence. */
function right() {
  if (record?.partial) return void withAllLines(right);
  const line = lines.byId.get(lines.current);
  if (lines.editable && lines.added.has(lines.current)) return void toast(addedWords(), "ear");
  if (!line || !lines.editable || line.deleted) return;
  if (!settled) settlePlaces();
  const wasPlace = places.places.some((place) => place.line.id === line.id);
  if (!line.heard) edits.run(line.id, "heard");
  const place = wasPlace ? places.next(line.id, 1, true) : null;
  const next = place ? null : lines.neighbour(1);
  if (place) goToPlace(place);
  else if (next) goTo(next.id, true);
}

/** What only the second pass heard is no line yet. */
function addedWords() {
  return `这一句只有复听听到：${shown(keys.of("take"))} 加进笔录，${shown(keys.of("dismiss"))} 不用`;
}

function showTools() {
  const line = lines.byId.get(lines.current);
  if (!line || !lines.tools) return;
  tools.hidden = line.deleted;
  const select = /** @type {HTMLSelectElement} */ (tools.querySelector("select"));
  const nobody = isNobodys(record, line) ? [[line.participant_id, "还没写谁说的"]] : [];
  const choices = [...(line.participant_id ? [] : [["", "不是谁说的"]]), ...nobody, ...people(record).map((/** @type {any} */ p) => [p.id, p.name])];
  if (select.dataset.choices !== String(choices)) select.replaceChildren(...choices.map(([value, name]) => el("option", { value }, name)));
  select.dataset.choices = String(choices);
  select.value = line.participant_id || "";
  const heardButton = /** @type {HTMLElement} */ (tools.querySelector('[data-action="heard"]'));
  heardButton.setAttribute("aria-pressed", String(line.heard));
  /** @type {HTMLElement} */ (heardButton.querySelector("[data-words]")).textContent = line.heard ? "再改成没听过" : "听过，没错";
  /** @type {HTMLElement} */ (tools.querySelector("[data-mark]")).textContent = line.marked ? "去掉记号" : "记号";
}

/** On a narrow screen one part is seen at a time. @param {string} name */
function showPane(name) {
  root.dataset.pane = name;
  for (const tab of root.querySelectorAll(".panes [data-pane]")) tab.setAttribute("aria-selected", String(tab.getAttribute("data-pane") === name));
}

// --- the office --------------------------------------------------------------------------------------------------

/** Does one step of the record after everything typed has arrived. @param {() => Promise<any>} stepOf */
async function run(stepOf) {
  if (!(await saver.flush())) return toast("还有改动没存上，存好再交", "alert");
  try {
    const answer = await stepOf();
    if (answer) await refresh();
  } catch (error) {
    await ask({ title: "这一步没办成", body: [el("p", {}, /** @type {any} */ (error).message)], buttons: [{ value: "", words: "知道了", kind: "primary" }] });
    await refresh();
  }
}

/** Shows the beginning of the record, which was asked for before this program was here. */
async function open() {
  try {
    show(await beginning());
  } catch (error) {
    return cannotFetch(/** @type {any} */ (error));
  }
  if (record.partial) whole = complete();
}

/** A sentence that was begun when the page went away is before the clerk again. */
function goOn() {
  const line = edits.begun;
  if (!line) return;
  goTo(line.id, false);
  void edits.resume(line);
}

/** Adds the rest; where something new came first, that brought all of it. */
async function complete() {
  try {
    const all = await completed(path, record);
    if (record.partial) show(all);
  } catch (error) {
    cannotFetch(/** @type {any} */ (error));
  }
}

async function refresh() {
  try {
    show(await wholeRecord(path));
    if (!saver.error) tell(byId("offline"), "");
  } catch (error) {
    cannotFetch(/** @type {any} */ (error));
  }
}

/** @param {any} error */
function cannotFetch(error) {
  if (error.status === 401 && !saver.waiting) return location.assign(logInPath());
  if (saver.error) return;
  const number = error.reference ? `报修时说这个号：${error.reference}` : "";
  tell(byId("offline"), error.status === 0 ? "网断了，正在自己重连。文字可以接着看、接着改。" : `${error.message}${number}`);
}

/** @param {any} detail */
async function settle({ change, line, field, promise }) {
  if (!saver.refused.includes(change)) return;
  const now = line || field || promise;
  choosing = change.key;
  overwritten.isTold(change.key);
  void moved().catch(() => {});
  const theirs = promise ? decisionWords(promise) : line ? line.text : field.value;
  const answer = await askWhich({ who: now.edited_by || now.decided_by || "", theirs, mine: wordsOf(change.edit) });
  choosing = "";
  if (!saver.refused.includes(change)) return; // more was typed there meanwhile: that is asked next
  if (answer === "mine") overwritten.told.delete(change.key);
  if (answer === "mine") saver.insist(change, now.version);
  else if (answer === "theirs") saver.drop(change);
  if (answer !== "mine") await refresh();
}

/** Is the record another one than the page shows?  Asked by its pulse: opening a record is written into the access log. */
async function moved() {
  const here = { ...(lines.byId.has(lines.current) ? { line: lines.current } : {}), ...(choosing ? { choosing } : {}) };
  const now = await api("GET", `/api/records/${recordId}/pulse?${new URLSearchParams(here)}`);
  showFellows(now.others, lines, (id) => goTo(id, false), wordsOfPlace);
  showUndo(now);
  return now.version > record.version || ["state", "recognition", "updated_at"].some((name) => now[name] !== record[name]);
}

/** Somebody else is at work on the record, too: recognition, the petitioner who reads it, another clerk.  What they did is
 * here within a second or so, also while something is being typed. */
async function keepFresh() {
  await whole;
  for (let turn = 1; ; turn++) {
    await new Promise((done) => setTimeout(done, PULSE_MS));
    const late = turn % (REFRESH_MS / PULSE_MS) === 0;
    const heardAgain = late && record?.second_pass && record.second_pass.state !== "done";
    const missing = !record || record.partial;
    if (document.hidden || saver.sending || (missing && !late)) continue;
    try {
      if (missing) await refresh();
      else if (await moved()) await lookForNews();
      else if (heardAgain) await lookForNews();
    } catch (error) {
      cannotFetch(/** @type {any} */ (error));
    }
  }
}

/** @param {string} key "line:…", "field:…" or "promise:…" */
function wordsOfPlace(key) {
  const [kind, id] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
  if (kind === "field") return `“${form.values.get(id)?.label || ""}”`;
  const at = kind === "line" ? record.body.indexOf(lines.byId.get(id)) : -1;
  return at < 0 ? "领导答复" : `第 ${at + 1} 句`;
}

/** @param {{undo: string, redo: string}} now what they would do */
function showUndo({ undo, redo }) {
  for (const [id, words, what] of [["undo", undo, "撤回"], ["redo", redo, "重做"]]) {
    const button = /** @type {HTMLButtonElement} */ (byId(id));
    button.disabled = !words;
    button.title = words ? `${what}：${words}` : `没有可以${what}的`;
  }
}

/** Takes the last step back, or does it again; what is being typed is a step, too.  Without the office the browser takes back
 * what was typed at this place. @param {"undo" | "redo"} kind */
async function takeBack(kind) {
  if (!lines.editable || (saver.error && document.execCommand(kind))) return;
  if (!(await saver.flush())) return toast("还有改动没存上，存好再撤回", "alert");
  stepping++;
  overwritten.forget();
  saver.change(`step:${kind}`, { kind });
  const done = await saver.flush();
  stepping--;
  if (done) await moved();
}

async function lookForNews() {
  try {
    show(await newsSince(path, record));
    if (!saver.error) tell(byId("offline"), "");
  } catch (error) {
    cannotFetch(/** @type {any} */ (error));
  }
}

// --- wiring ------------------------------------------------------------------------------------------------------

/** @param {EventTarget} source @param {string} type @param {(detail: any) => void} act */
function on(source, type, act) {
  source.addEventListener(type, (event) => act(/** @type {CustomEvent} */ (event).detail));
}

function wireLines() {
  on(lines, "select", (id) => { places.mark(id); showTools(); });
  on(lines, "hear", hear);
  on(lines, "hear-word", hearWord);
  on(lines, "typed", typedLine);
  on(lines, "action", ({ id, name }) => edits.run(id, name));
  on(lines, "take", take);
  on(lines, "dismiss", (one) => edits.dismiss(one));
  on(lines, "hear-other", hearOther);
  on(places, "go", (id) => goTo(id, true));
  on(promised, "hear", hearPromise);
  on(promised, "decide", (decision) => edits.decidePromise(decision));
  lines.host.addEventListener("dragstart", () => { dragged = picked(lines); });
  lines.host.addEventListener("dragend", () => { dragged = null; });
  on(form, "typed", typedField);
  on(form, "cite", citeField);
  on(form, "take", takeProposal);
  on(form, "dismiss", (one) => edits.dismissProposal(one));
  on(form, "hear", hearPlace);
  on(overview, "seek", (t) => player?.seek(t));
  tools.querySelector("select")?.addEventListener("change", (event) => edits.speaker(lines.byId.get(lines.current), /** @type {HTMLSelectElement} */ (event.target).value));
  tools.addEventListener("pointerdown", (event) => { if (/** @type {Element} */ (event.target).closest("button") && !lines.composing) event.preventDefault(); });
}

/** A sentence cannot become empty: leaving it empty brings it back. @param {{id: string, text: string, composing: boolean}} typed */
function typedLine({ id, text, composing }) {
  afterwards.now();
  pause.typed();
  const key = `line:${id}`;
  const line = lines.byId.get(id);
  const edit = { kind: "text", line_id: id, version: line.version };
  overwritten.wrote(key, text);
  if (text.trim()) saver.typed(key, { ...edit, text }, composing);
  else saver.emptied(key, { ...edit, text: line.text });
}

/** @param {{field: string, value: string, composing?: boolean}} typed */
function typedField({ field, value, composing }) {
  const now = form.values.get(field);
  const evidence = value ? now.evidence.map((/** @type {any} */ e) => e.utterance_id) : [];
  overwritten.wrote(`field:${field}`, value);
  saver.typed(`field:${field}`, { kind: "field", field, version: now.version, value, evidence }, composing);
}

/** The chosen sentence becomes the field's source, besides those it has. @param {{field: string, value: string}} cited */
function citeField({ field, value }) {
  const line = lines.byId.get(lines.current);
  if (!line?.utterance_ids.length) return toast(line ? "这一句是手写的，没有录音，不能作出处" : "先在左边点一下作出处的那一句", "info");
  if (!value.trim()) return toast("先把这一栏填上，再指出处", "info");
  const now = form.values.get(field);
  const cited = evidenceOf([line]);
  const known = new Set(now.evidence.map((/** @type {any} */ e) => e.utterance_id));
  now.evidence = [...now.evidence, ...cited.filter((e) => !known.has(e.utterance_id))];
  form.showSources();
  typedField({ field, value });
  return toast("记上了，存好后点出处就能听", "check");
}

let decisions = "";

/** Promises whose decision is being saved are drawn again; typing in a line draws none. */
function showDecisions() {
  const waiting = saver.waitingKeys("promise:");
  if (record && waiting !== decisions) promised.show(record, lines.editable);
  decisions = waiting;
}

function wireSaver() {
  on(saver, "saved", (fresh) => {
    show(fresh);
    showSaved();
    const added = edits.arrived();
    if (added) goTo(added, false);
  });
  on(saver, "status", () => { showSaved(); showDecisions(); });
  on(saver, "conflict", (met) => { asking = asking.catch(() => {}).then(() => settle(met)); });
  on(saver, "refused", ({ change, error }) => { overwritten.fields.delete(change.edit.field); if (!saver.refused.includes(change)) toast(error.message, "alert"); refresh(); });
  window.addEventListener("beforeunload", (event) => { if (saver.waiting || saver.refused.length) event.preventDefault(); });
}

/** What was playing goes on from there. @param {number} seconds */
function backBy(seconds) {
  const until = player?.until ?? null;
  player?.seek(player.position - seconds);
  if (player) player.until = until;
}

/** What a key does to the current line. @param {string} name */
function toLine(name) {
  if (!lines.editable) return;
  if (lines.added.has(lines.current)) toast(addedWords(), "ear");
  else if (lines.current) edits.run(lines.current, name);
  else toast("先点一句，或者按下一句", "info");
}

/** On to the next field of the form that is empty or that wants a look. */
function nextField() {
  const open = [...form.values.values()].filter((value) => !value.value || form.wantsALook(value));
  const from = [...form.values.keys()].indexOf(document.activeElement?.closest("[data-field]")?.getAttribute("data-field") || "");
  const next = open.find((value) => [...form.values.keys()].indexOf(value.field) > from) || open[0];
  if (!next) return toast("登记表都填了");
  showPane("form");
  form.go(next.field);
}

/** Finds words over the whole record, puts others there; what is chosen is one step, which can be taken back. */
async function replaceWords() {
  if (!record) return;
  if (record.partial) return void withAllLines(replaceWords);
  const chosen = document.getSelection()?.toString() || "";
  const words = /\n/.test(chosen) ? "" : chosen.slice(0, 30);
  const answer = await findAndReplace(written, { words, line: lines.current }, lines.editable);
  if (!answer) return;
  if ("go" in answer) return goTo(answer.go, false);
  await replaceChosen(answer);
}

/** The record with what was typed and the office does not have yet. */
function written() {
  const body = record.body.map((/** @type {any} */ line) => ({ ...line, text: pending(`line:${line.id}`) ?? line.text }));
  return { ...record, body };
}

/** While the places were looked at, their lines were saved, or somebody else changed some. @param {{hits: import("/static/js/desk/replace.js").Hit[], words: string, instead: string}} chosen */
async function replaceChosen({ hits, words, instead }) {
  const there = await saver.flush();
  const { wanted, count, left } = planned(hits, written().body, words, instead);
  if (!wanted.length) return toast(left, "alert");
  const sent = there ? await sendInPortions(wanted) : { done: "away", steps: 0, rest: wanted };
  const again = sent.steps > 1 ? `分了 ${sent.steps} 步，一步一步撤回：` : "";
  if (sent.done === "done") return toast(`换了 ${count} 处。${left}${again}${shown(keys.of("undo"))} 撤回`);
  if (sent.done === "away") replaceLater(sent.rest, `${count} 处换好了，${saver.onDisk ? "存在这台电脑上" : "还在这个页面里"}，办公室一连上自己传上去。${left}`);
}

/** As many at a time as the office takes. @param {any[]} wanted */
async function sendInPortions(wanted) {
  let [done, steps, rest] = [/** @type {"done" | "refused" | "away"} */ ("done"), 0, wanted];
  while (done === "done" && rest.length) {
    if (wanted.length > SOME) toast(`正在换，还有 ${rest.length} 句`, "save");
    done = await sendNow(rest.slice(0, AT_ONCE));
    if (done === "done") [steps, rest] = [steps + 1, rest.slice(AT_ONCE)];
  }
  return { done, steps, rest };
}

/** Kept like everything typed, line by line. @param {any[]} wanted @param {string} words */
function replaceLater(wanted, words) {
  for (const edit of wanted) saver.change(`line:${edit.line_id}`, edit);
  for (const edit of wanted) lines.showWaiting(edit.line_id);
  toast(words, "netoff");
}

/** Edits that are one step of their own: done, refused, or the office is away. @param {any[]} wanted @returns {Promise<"done" | "refused" | "away">} */
async function sendNow(wanted) {
  try {
    show(expanded(await api("POST", `${path}/edits?${known(record)}`, { edits: wanted })));
    return "done";
  } catch (error) {
    if (isPassing(error)) return "away";
    toast(/** @type {any} */ (error).message, "alert");
    await refresh();
    return "refused";
  }
}

/** From the word where the caret is, on and on. */
function hearFromCaret() {
  const word = lines.wordAtCaret();
  if (word) hearWord({ ...word, on: true });
  else toast("先点一句，或者按下一句", "info");
}

/** @type {Object<string, () => void>} */
const commands = {
  toggle: () => { pause.forget(); player?.toggle(); },
  again: () => hear(lines.current || lines.playing),
  fromCaret: hearFromCaret,
  back: () => backBy(BACK_S),
  farBack: () => backBy(FAR_BACK_S),
  nextPlace: () => nextPlace(1),
  previousPlace: () => nextPlace(-1),
  right,
  take: takeOther,
  dismiss: dismissOther,
  up: () => step(-1),
  down: () => step(1),
  toField,
  toGlossary,
  nextField,
  ...Object.fromEntries(["mark", "speaker", "split", "join", "insert", "delete"].map((name) => [name, () => toLine(name)])),
  replace: replaceWords,
  undo: () => takeBack("undo"),
  redo: () => takeBack("redo"),
  sheet: showSheet,
  slower: () => player?.changeRate(-1),
  faster: () => player?.changeRate(1),
};

for (const [name, act] of Object.entries(commands)) commands[name] = () => { afterwards.now(); act(); };

const BAR = [["toggle", "播放、暂停"], ["again", "再听这一句"], ["back", "退 2 秒"], ["nextPlace", "下一处要紧处"], ["right", "没错，往下"], ["down", "下一句"], ["mark", "记号"], ["replace", "查找替换"], ["slower", "慢"], ["faster", "快"]];

function showKeyBar() {
  byId("key-bar").replaceChildren(...BAR.map(([name, words], i) => el(`span${i > 6 ? ".wide" : ""}`, { "data-command": name }, el("span.kbd", {}, shown(keys.of(name))), ` ${words}`)), el("span.end.mute", {}, "拼音没上屏时，快捷键不起作用"));
}

async function showSheet() {
  await showKeys(keys, pause);
  showKeyBar();
}

function wirePage() {
  root.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const play = target.closest("[data-play]")?.getAttribute("data-play");
    if (play) commands[play]();
    const pane = target.closest(".panes [data-pane]")?.getAttribute("data-pane");
    if (pane) showPane(pane);
  });
  byId("history").addEventListener("click", async () => {
    try {
      const id = await showHistory(recordId);
      if (lines.byId.has(id)) goTo(id, false);
    } catch (error) {
      toast(/** @type {any} */ (error).message, "alert");
    }
  });
  byId("sheet").addEventListener("click", showSheet);
  byId("find").addEventListener("click", replaceWords);
  byId("saved").addEventListener("click", () => { saver.askAgain(); saver.hurry(); });
  byId("undo").addEventListener("click", commands.undo);
  byId("redo").addEventListener("click", commands.redo);
}

await Promise.all([saver.restore(), half.restore()]);
wireLines();
wireSaver();
wirePage();
keys.listen(commands);
showKeyBar();
await open();
saver.pump();
showSaved();
void whole.then(goOn);
keepFresh();
