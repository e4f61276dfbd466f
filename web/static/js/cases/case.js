// One case: what was filed, to be read and heard, and what was added afterwards.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { chineseDay, chineseMoment, clockAt, clockTime, inWords, mediaTime } from "/static/js/time.js";
import { ask, toast } from "/static/js/desk/ask.js";
import { showAttendance } from "/static/js/attendance.js";
import { Archive } from "/static/js/cases/archive.js";
import { lineReport } from "/static/js/line_report.js";
import { Lines } from "/static/js/desk/lines.js";
import { Player } from "/static/js/desk/player.js";
import { showUndertakings } from "/static/js/undertakings.js";
import { whyThisDate } from "/static/js/why_this_date.js";

const DOCUMENTS = /** @type {Object<string, string>} */ ({ "record.docx": "接谈笔录（Word）", "record.pdf": "接谈笔录（PDF）", "form.docx": "来访登记表（Word）", "form.pdf": "来访登记表（PDF）", "record.vtt": "笔录字幕（WebVTT）", "record.json": "笔录数据（JSON）" });
const KINDS = /** @type {Object<string, string>} */ ({ microphone: "录音", camera: "录像", document: "材料录像", screen: "屏幕录像" });

const root = byId("case");
const path = `/api/cases/${root.dataset.case}`;
const lines = new Lines(byId("lines"));
const archive = new Archive(path, root.dataset.role === "clerk", () => load());

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
  showDeadline(found.deadline);
  showDocuments();
  showStatement();
  if (found.record) {
    showForm();
    showRecordings();
  }
  showEvents();
  showSupplements();
  if (first && found.record) {
    openRecord();
    archive.load();
    showTalkLines();
  }
}

function showFacts() {
  const facts = [["编号", found.case_no], ["信访人", found.petitioner], ["来路", found.channel], ["信访目的", found.purpose], ["内容类别", found.category], ["机构", found.organization], ["主办", found.unit], ["归档", chineseMoment(found.filed_at)]];
  byId("facts").replaceChildren(...facts.filter(([, value]) => value).map(([label, value]) => el("span", {}, `${label} `, el("b.num", {}, value))));
}

/** What was written stands where a record would, if the matter did not come by a talk. */
function showStatement() {
  for (const id of ["record-panel", "form-panel", "recordings-panel", "archive", "documents-panel"]) byId(id).hidden = !found.record;
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

/** @param {any} deadline */
function showDeadline(deadline) {
  byId("deadline-panel").hidden = !deadline;
  if (!deadline) return;
  const tone = deadline.overdue ? "bad" : deadline.days_left <= 3 ? "warn" : "accent";
  byId("deadline-name").textContent = deadline.name;
  byId("days").className = `badge ${tone}`;
  byId("days").textContent = deadline.overdue ? `过期 ${-deadline.days_left} 天` : deadline.days_left ? `还有 ${deadline.days_left} 天` : "就是今天";
  const [year, month, day] = deadline.due.split("-").map(Number);
  byId("due").textContent = `${year}年${month}月${day}日`;
  byId("weekday").textContent = deadline.weekday;
  byId("why").replaceChildren(...whyThisDate(deadline).flat());
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
  byId("recordings").replaceChildren(...(rows.length ? rows : [el("p.mute", {}, "这次接谈没有录音录像。")]), el("dl.sums", {}, ...sums));
}

/** Of no use where it cannot be had: the case is read without it. */
async function showTalkLines() {
  const { lines: reports } = await api("GET", `${path}/lines`).catch(() => ({ lines: [] }));
  byId("talk-lines").hidden = !reports.length;
  byId("talk-lines-list").replaceChildren(...reports.map(lineReport));
}

function showEvents() {
  const newest = [...found.events].reverse();
  byId("events").replaceChildren(...newest.map((event) => el("li", {},
    el("span.d", {}, el("b", {}, chineseDay(event.at)), el("small", {}, clockTime(event.at))), el("i.b.on"),
    el("div.c", {}, el("b", {}, [event.what, event.why].filter(Boolean).join("　")), el("p", {}, event.author)))));
}

function showSupplements() {
  const items = found.supplements.map((/** @type {any} */ s) => el("article.supplement", {},
    el("p.small.soft", {}, el("b", {}, s.author), `　${chineseMoment(s.at)}　原因：${s.reason}`, s.finding_id ? el("span.badge.line", {}, "答复评查") : null), el("p.words", {}, s.text)));
  byId("supplements").replaceChildren(...(items.length ? items : [el("p.mute", {}, "没有补正。归了档的笔录一个字也不改，有话要补，写在这里。")]));
}

// --- the recording -----------------------------------------------------------------------------------------------

function openRecord() {
  lines.show(found.record);
  showAttendance(byId("attendance"), found.record.attendance);
  showUndertakings(byId("undertakings"), found.record.promises);
  const { record } = found;
  byId("signed").textContent = record.signed_at ? `${record.petitioner} ${chineseMoment(record.signed_at)} 看过、签了字。` : `没有签字，原因：${record.refusal_reason}`;
  const sounds = record.segments.filter((/** @type {any} */ s) => s.kind === "audio");
  player = new Player(sounds, record.seconds, (participantId) => {
    const audio = /** @type {HTMLMediaElement} */ (el("audio", { preload: "none", "data-participant": participantId }));
    byId("sounds").append(audio);
    return audio;
  });
  player.addEventListener("position", showPlayer);
  player.addEventListener("state", showPlayer);
  player.addEventListener("trouble", () => tell(byId("trouble"), "有一段录音暂时放不出来。文字照常看，别的照常放。"));
  byId("toggle").hidden = !sounds.length;
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

/** @param {{reason: string, text: string, trouble?: string}} kept what was typed before it could not be sent */
async function addSupplement(kept = { reason: "", text: "" }) {
  const reason = /** @type {HTMLInputElement} */ (el("input.input", { id: "why-add", maxlength: 500, required: true, value: kept.reason }));
  const text = /** @type {HTMLTextAreaElement} */ (el("textarea.input", { id: "what-add", rows: 5, maxlength: 10000, required: true }));
  text.value = kept.text;
  const answer = await ask({
    title: "加一条补正",
    wide: true,
    body: [kept.trouble ? el("p.bad", { role: "alert" }, kept.trouble) : "", el("p.soft", {}, "笔录本身不动。补正写上您的名字和时间，写了就不能改、不能删。"),
      el("div.field", {}, el("label", { for: "why-add" }, "为什么要补"), reason), el("div.field", {}, el("label", { for: "what-add" }, "补什么"), text)],
    buttons: [{ value: "yes", words: "写进去", kind: "primary" }, { value: "", words: "先不" }],
    ready: () => reason.focus(),
  });
  if (answer) await sendSupplement({ reason: reason.value.trim(), text: text.value.trim() });
}

/** @param {{reason: string, text: string}} supplement */
async function sendSupplement(supplement) {
  if (!supplement.reason || !supplement.text) return addSupplement({ ...supplement, trouble: "两样都要写。" });
  try {
    show(await api("POST", `${path}/supplements`, { ...supplement, finding_id: finding }));
    if (finding) history.replaceState(null, "", location.pathname);
    finding = null;
    toast("补正写进去了");
  } catch (error) {
    await addSupplement({ ...supplement, trouble: error instanceof ApiError ? error.message : String(error) });
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
document.getElementById("add")?.addEventListener("click", () => addSupplement());
window.addEventListener("online", load);
await load();
if (finding && found && root.dataset.role === "clerk") addSupplement({ reason: `评查：${wanted.get("about") || ""}`.slice(0, 500), text: "" });
