// One case: what happened, what is due, who is responsible, what can be done; and its record, to be read and heard.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { chineseMoment, clockAt, inWords, mediaTime } from "/static/js/time.js";
import { ask, attempt, toast } from "/static/js/desk/ask.js";
import { showAttendance } from "/static/js/attendance.js";
import { showPapers } from "/static/js/papers.js";
import { Archive } from "/static/js/cases/archive.js";
import { lineReport } from "/static/js/line_report.js";
import { Lines } from "/static/js/desk/lines.js";
import { Player } from "/static/js/desk/player.js";
import { stampName, stampWords } from "/static/js/timestamps.js";
import { showUndertakings } from "/static/js/undertakings.js";
import { nextDuty, showDeadline } from "/static/js/cases/deadline.js";
import { showLetters, showPersons, showUnits } from "/static/js/cases/people.js";
import { showRatings } from "/static/js/cases/rating.js";
import { Steps } from "/static/js/cases/steps.js";
import { Timeline, shortDay } from "/static/js/cases/timeline.js";

const DOCUMENTS = /** @type {Object<string, string>} */ ({ "record.docx": "接谈笔录（Word）", "record.pdf": "接谈笔录（PDF）", "form.docx": "来访登记表（Word）", "form.pdf": "来访登记表（PDF）", "record.vtt": "笔录字幕（WebVTT）", "record.json": "笔录数据（JSON）" });
const KINDS = /** @type {Object<string, string>} */ ({ microphone: "录音", camera: "录像", document: "材料录像", screen: "屏幕录像" });

const root = byId("case");
const path = `/api/cases/${root.dataset.case}`;
const lines = new Lines(byId("lines"));
const archive = new Archive(path, root.dataset.role === "clerk", () => load());
const timeline = new Timeline();
const steps = new Steps({ path, role: root.dataset.role || "", load: () => load(), show: (fresh) => show(fresh) });

/** @type {any} */
let found = null;
/** @type {Player | null} */
let player = null;

// --- showing -----------------------------------------------------------------------------------------------------

/** @param {any} fresh */
function show(fresh) {
  const first = !found;
  found = fresh;
  document.title = `${found.case_no} · 接谈`;
  byId("found").hidden = false;
  byId("title").textContent = found.title;
  byId("state").textContent = found.state;
  showFacts();
  showIntact();
  showDeadline(nextDuty(found.deadlines));
  showUnits(found, { path, unit: Number(root.dataset.organization), user: Number(root.dataset.user), able: ["leader", "clerk", "handler"].includes(root.dataset.role || ""), show });
  showLetters(found);
  showPersons(found, path);
  showRatings(found, { path, load });
  showDocuments();
  showStatement();
  if (found.record) {
    showForm();
    showRecordings();
  }
  timeline.show(found);
  steps.show(found);
  root.dispatchEvent(new CustomEvent("shown", { detail: found.version }));
  showSupplements();
  if (first && found.record) openRecord();
  if (first && found.may_hear) {
    archive.load();
    showTalkLines();
  }
}

function showFacts() {
  const facts = [["编号", found.case_no], ["信访人", found.petitioner], ["", found.people > 1 ? `${found.people} 人` : ""], ["", found.place], ["被反映单位", found.accused_unit],
    ["照第三十条不给看的", found.hidden_from && (found.hidden_from.join("、") || "没有认出是哪个单位")], ["", [found.purpose, found.category].filter(Boolean).join("　")],
    ["", found.litigation ? "涉法涉诉" : ""], ["", found.simple ? "简易办理" : ""], ["调解", found.mediation], ["", found.channel], ["接访领导", found.received_by], ["来件号", found.source_ref], ["登记", `${found.organization} ${shortDay(found.filed_at)}`]];
  const hear = found.may_hear && found.record.seconds ? [talkChip()] : [];
  byId("facts").replaceChildren(...facts.filter(([, value]) => value).map(([label, value]) => el("span", {}, label ? `${label} ` : "", label ? el("b.num", {}, value) : value)), ...hear);
}

/** To the record, and play it. */
function talkChip() {
  const chip = el("button.src", { type: "button" }, icon("play"), `接谈录音 ${inWords(found.record.seconds)}`);
  chip.addEventListener("click", () => {
    byId("record-panel").scrollIntoView({ block: "start" });
    player?.toggle();
  });
  return chip;
}

/** What was written stands where a record would, if the matter did not come by a talk. */
function showStatement() {
  for (const id of ["record-panel", "form-panel", "documents-panel"]) byId(id).hidden = !found.record;
  for (const id of ["recordings-panel", "archive"]) byId(id).hidden = !found.may_hear;
  byId("statement-panel").hidden = !found.statement;
  byId("statement").textContent = found.statement;
}

function showIntact() {
  byId("intact").hidden = !found.record;
  const badge = byId("intact");
  badge.className = `badge ${found.intact ? "ok" : "bad"}`;
  badge.replaceChildren(icon(found.intact ? "lock" : "alert"), found.intact ? "和归档时一字不差" : "和归档时不一样");
  tell(byId("broken"), found.intact ? "" : "库里的笔录和归档时的校验值对不上，有人动过数据。请先不要用，马上告诉系统管理员。");
}

function showDocuments() {
  const items = found.documents.map((/** @type {any} */ d) => el("li", {}, icon("paper"),
    el("a", { href: d.url, download: `${found.case_no} ${d.name}`, title: `SHA-256 ${d.sha256}` }, DOCUMENTS[d.name] || d.name), el("span.meta.num.end", {}, size(d.size))));
  byId("documents").replaceChildren(...(items.length ? items : [el("li.mute", {}, "文书还在做，过一会儿刷新就有。")]));
}

/** @param {number} bytes */
function size(bytes) {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function showForm() {
  const rows = found.record.form.filter((/** @type {any} */ v) => v.value).flatMap((/** @type {any} */ v) => {
    const words = v.choices.find((/** @type {[string, string]} */ [key]) => key === v.value)?.[1] || v.value;
    return [el("dt", {}, v.label), el("dd", {}, words, " ", ...v.evidence.map(chip))];
  });
  const empty = found.record.form.filter((/** @type {any} */ v) => !v.value).map((/** @type {any} */ v) => v.label);
  const left = empty.length ? [el("dt", {}, "空着的"), el("dd.mute", {}, empty.join("、"))] : [];
  byId("form").replaceChildren(...rows, ...left);
}

/** @param {any} evidence */
function chip(evidence) {
  if (!found.may_hear) return "";
  const button = el("button.src", { type: "button", title: `“${evidence.text}”`, "aria-label": `${clockAt(found.record.started_at, evidence.start)} 听出处` }, icon("play"), clockAt(found.record.started_at, evidence.start));
  button.addEventListener("click", () => player?.playStretch(evidence.start, evidence.end));
  return button;
}

function showRecordings() {
  const person = (/** @type {string} */ id) => found.record.participants.find((/** @type {any} */ p) => p.id === id)?.name || "";
  const rows = found.record.segments.map((/** @type {any} */ s) => el("div.file", {},
    el("b", {}, `${person(s.participant_id)}　${KINDS[s.source]}`), el("span.num.soft", {}, `${clockAt(found.record.started_at, s.start)} 起　${inWords(s.seconds)}　${size(s.size)}`),
    s.repaired ? el("span.badge.warn", {}, "中断后修补过") : null, s.only ? el("span.badge.line", {}, "接谈机备份") : null, el("code.hash", { title: "SHA-256" }, s.sha256)));
  const sums = [["笔录校验值", found.record_sha256], ["录音清单校验值", found.manifest_sha256]].filter(([, value]) => value).flatMap(([label, value]) => [el("dt", {}, label), el("dd", {}, el("code.hash", {}, value))]);
  byId("recordings").replaceChildren(...(rows.length ? rows : [el("p.mute", {}, "这次接谈没有录音录像。")]), el("dl.sums", {}, ...sums, ...stampRows(found.timestamps)));
}

/** @param {any[]} stamps */
const stampRows = (stamps) => stamps.flatMap((one) => [el("dt", {}, stampName(one)), el("dd", {}, stampWords(one))]);

/** Of no use where it cannot be had: the case is read without it. */
async function showTalkLines() {
  const { lines: reports } = await api("GET", `${path}/lines`).catch(() => ({ lines: [] }));
  byId("talk-lines").hidden = !reports.length;
  byId("talk-lines-list").replaceChildren(...reports.map(lineReport));
}

function showSupplements() {
  const items = found.supplements.map((/** @type {any} */ s) => el("article.supplement", {},
    el("p.small.soft", {}, el("b", {}, s.author), `　${chineseMoment(s.at)}　原因：${s.reason}`, s.finding_id ? el("span.badge.line", {}, "答复评查") : null), el("p.words", {}, s.text)));
  byId("supplements").replaceChildren(...(items.length ? items : [el("p.mute", {}, "没有补正。原来的一个字也不改，有话要补，写在这里。")]));
}

// --- the recording -----------------------------------------------------------------------------------------------

function openRecord() {
  lines.show(found.record);
  showAttendance(byId("attendance"), found.record.attendance);
  showPapers(byId("papers"), found.record.papers);
  showUndertakings(byId("undertakings"), found.record.promises);
  const { record } = found;
  showChanged();
  byId("signed").textContent = record.signed_at ? `${chineseMoment(record.signed_at)} 看过、签了字：${found.signed.join("；")}。` : `没有签字，原因：${record.refusal_reason}`;
  const sounds = found.may_hear ? record.segments.filter((/** @type {any} */ s) => s.kind === "audio") : [];
  byId("toggle").hidden = byId("position").hidden = !sounds.length;
  if (!sounds.length) return;
  player = new Player(sounds, record.seconds, (participantId) => {
    const audio = /** @type {HTMLMediaElement} */ (el("audio", { preload: "none", "data-participant": participantId }));
    byId("sounds").append(audio);
    return audio;
  });
  player.addEventListener("position", showPlayer);
  player.addEventListener("state", showPlayer);
  player.addEventListener("trouble", () => tell(byId("trouble"), "有一段录音暂时放不出来。文字照常看，别的照常放。"));
}

/** What the petitioner's reading changed. */
function showChanged() {
  const { changed } = found;
  byId("changed").hidden = !changed.length;
  byId("changed").replaceChildren(el("summary", {}, el("b", {}, `经信访人核对，改动 ${changed.length} 处`)), el("ul", {}, ...changed.map((/** @type {string} */ words) => el("li", {}, el("span", {}, words)))));
}

function showPlayer() {
  if (!player) return;
  byId("toggle").replaceChildren(icon(player.playing ? "pause" : "play"), player.playing ? "暂停" : player.position > 0 && player.position < player.end ? "接着放" : "从头放");
  byId("position").textContent = `${mediaTime(player.position)} / ${mediaTime(player.end)}`;
  lines.speak(player.playing ? player.position : null, player.until === null);
}

// --- adding ------------------------------------------------------------------------------------------------------

/** The reviewer's finding that this page was opened to answer. */
const wanted = new URLSearchParams(location.search);
let finding = Number(wanted.get("finding")) || null;

/** @param {string} why proposed as the reason */
async function addSupplement(why = "") {
  const reason = /** @type {HTMLInputElement} */ (el("input.input", { id: "why-add", maxlength: 500, value: why }));
  const text = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "what-add", rows: 5, maxlength: 10000 }));
  const answer = await ask({
    title: "加一条补正",
    wide: true,
    body: [el("p.soft", {}, "笔录本身不动。补正写上您的名字和时间，写了就不能改、不能删。"),
      el("div.field", {}, el("label", { for: "why-add" }, "为什么要补"), reason), el("div.field", {}, el("label", { for: "what-add" }, "补什么"), text)],
    buttons: [{ value: "yes", words: "写进去", kind: "primary" }, { value: "", words: "先不" }],
    ready: () => (why ? text : reason).focus(),
    keep: { what: `case ${root.dataset.case} supplement ${finding || ""}` },
    act: async () => {
      const supplement = { reason: reason.value.trim(), text: text.value.trim() };
      if (!supplement.reason || !supplement.text) return "两样都要写。";
      return attempt(async () => show(await api("POST", `${path}/supplements`, { ...supplement, finding_id: finding })));
    },
  });
  if (!answer) return;
  if (finding) history.replaceState(null, "", location.pathname);
  finding = null;
  toast("补正写进去了");
}

// --- the query code ----------------------------------------------------------------------------------------------

/** A matter that was registered on the page before tells its query code, once. */
function tellRegistered() {
  const told = JSON.parse(sessionStorage.getItem("jietan.registered") || "null");
  if (String(told?.id) !== root.dataset.case) return;
  sessionStorage.removeItem("jietan.registered");
  tell(byId("registered"), `登记好了，编号 ${found.case_no}。查询码 ${told.query_code}，告诉信访人：凭它和手机号后 4 位，自己能查办到哪一步。${told.sent}`);
}

async function openCode() {
  try {
    const { query_code, sent } = await api("POST", `${path}/query-code`);
    byId("open-code").replaceWith(el("b.num", {}, query_code));
    byId("code-sent").textContent = sent;
  } catch (error) {
    toast(error instanceof ApiError ? error.message : "查询码暂时打不开，再按一次。", "alert");
  }
}

async function sendCode() {
  const send = /** @type {HTMLButtonElement} */ (byId("send-code"));
  send.disabled = true;
  try {
    byId("code-sent").textContent = (await api("POST", `${path}/query-code/sms`)).sent;
  } catch (error) {
    toast(error instanceof ApiError ? error.message : "短信暂时发不了，再按一次。", "alert");
  } finally {
    send.disabled = false;
  }
}

// --- wiring ------------------------------------------------------------------------------------------------------

async function load() {
  try {
    show(await api("GET", path));
    tell(byId("offline"), "");
  } catch (error) {
    failed(/** @type {any} */ (error));
  }
}

/** @param {any} error */
function failed(error) {
  if (error.status === 401) return location.assign(logInPath());
  byId("missing").hidden = error.status !== 404;
  if (error.status !== 404) tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : `${error.message}${error.reference ? `报修时说这个号：${error.reference}` : ""}`);
}

/** @param {string} id @param {number | null} [at] from a word on */
function hear(id, at = null) {
  const line = lines.byId.get(id);
  if (line && line.end > line.start) player?.playStretch(at ?? line.start, line.end);
}

lines.addEventListener("hear", (event) => hear(/** @type {CustomEvent} */ (event).detail));
lines.addEventListener("hear-word", (event) => { const { id, at } = /** @type {CustomEvent} */ (event).detail; hear(id, at); });
byId("toggle").addEventListener("click", () => player?.toggle());
document.getElementById("open-code")?.addEventListener("click", openCode);
document.getElementById("send-code")?.addEventListener("click", sendCode);
timeline.addEventListener("why", (event) => {
  showDeadline(/** @type {CustomEvent} */ (event).detail);
  byId("deadline-panel").scrollIntoView({ block: "nearest" });
  byId("deadline-name").focus();
});
byId("print-why").addEventListener("click", () => window.print());
document.getElementById("add")?.addEventListener("click", () => addSupplement());
window.addEventListener("online", load);
await load();
if (found) tellRegistered();
if (finding && found && root.dataset.role === "clerk") addSupplement(`评查：${wanted.get("about") || ""}`.slice(0, 500));
