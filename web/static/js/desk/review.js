// One filed record beside its recording: a second pair of ears, and what it finds.  Nothing of the record changes here.

import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { chineseDay, clockAt, mediaTime } from "/static/js/time.js";
import { ask, toast } from "/static/js/desk/ask.js";
import { Keys } from "/static/js/desk/keys.js";
import { Lines } from "/static/js/desk/lines.js";
import { Overview } from "/static/js/desk/overview.js";
import { Player } from "/static/js/desk/player.js";
import { Typing } from "/static/js/typed.js";

const BACK_S = 2;

const root = byId("review");
const path = `/api/reviews/${root.dataset.review}`;
const lines = new Lines(byId("lines"));
const overview = new Overview(byId("lanes"));
const kind = /** @type {HTMLSelectElement} */ (byId("kind"));
const words = /** @type {HTMLTextAreaElement} */ (byId("words"));

/** @type {any} */
let found = null;
/** @type {Player | null} */
let player = null;
/** The line that the finding is about; "": none. */
let about = "";
/** A finding is begun once there are words. */
const typing = new Typing(byId("noting"), `finding ${root.dataset.review}`, {
  typed: () => (words.value ? { kind: kind.value, words: words.value, about } : {}),
  restore: (begun) => {
    [kind.value, words.value, about] = [begun.kind ?? kind.options[0].value, begun.words ?? "", begun.about ?? ""];
    showAbout();
  },
});
byId("about").after(typing.note);

// --- showing -----------------------------------------------------------------------------------------------------

/** @param {any} fresh */
function show(fresh) {
  const first = !found;
  found = fresh;
  const record = { ...found.record, suggestions: [] };
  byId("whose").textContent = `${found.case_no}　${found.title}`;
  byId("day").hidden = false;
  byId("day").textContent = `${chineseDay(`${found.day}T12:00:00+08:00`)}归档`;
  document.title = `${found.case_no} · 评查`;
  const working = found.state === "taken";
  byId("noting").hidden = !working;
  byId("finish").hidden = !working;
  byId("release").hidden = !working || found.findings.length > 0;
  tell(byId("done"), working ? "" : `${found.reviewer}听过，${found.findings.length ? `记了 ${found.findings.length} 条意见` : "没有记意见"}。要改的话写补正，笔录本身不动。`);
  lines.show(record);
  showFindings(working);
  showForm(record);
  if (first) openPlayer(record);
}

/** @param {boolean} working */
function showFindings(working) {
  byId("how-many").textContent = found.findings.length || "";
  const items = found.findings.map((/** @type {any} */ one) => {
    const drop = working && el("button.link", { type: "button" }, "去掉");
    if (drop) drop.addEventListener("click", () => act(() => api("DELETE", `${path}/findings/${one.id}`)));
    const line = one.line && el("button.line.small", { type: "button" }, `“${one.line}”`);
    if (line) line.addEventListener("click", () => go(one.line_id, true));
    return el("li.finding", {}, el("p", {}, el("span.badge.line", {}, one.label), " ", one.words), line || null, drop ? el("div.row", {}, drop) : null);
  });
  byId("findings").replaceChildren(...(items.length ? items : [el("li.mute", {}, working ? "还没有记意见。一句一句听下来，没有问题就直接交回去。" : "没有意见。")]));
}

/** @param {any} record */
function showForm(record) {
  const rows = record.form.filter((/** @type {any} */ v) => v.value).flatMap((/** @type {any} */ v) => {
    const shown = v.choices.find((/** @type {[string, string]} */ [key]) => key === v.value)?.[1] || v.value;
    const chips = v.evidence.map((/** @type {any} */ place) => {
      const chip = el("button.src", { type: "button", "aria-label": `${clockAt(record.started_at, place.start)} 听出处：${v.label}` }, icon("play"), clockAt(record.started_at, place.start));
      chip.addEventListener("click", () => player?.playStretch(place.start, place.end));
      return chip;
    });
    return [el("dt", {}, v.label), el("dd", {}, shown, " ", ...chips)];
  });
  byId("form").replaceChildren(...rows);
}

function showAbout() {
  const line = lines.byId.get(about);
  byId("about").textContent = line ? `说的是：“${line.text}”` : "先在左边点那一句。整份的事，不点也行。";
  byId("no-line").hidden = !line;
}

// --- playing -----------------------------------------------------------------------------------------------------

/** @param {any} record */
function openPlayer(record) {
  const sounds = record.segments.filter((/** @type {any} */ s) => s.kind === "audio");
  player = new Player(sounds, record.seconds, (participantId) => {
    const audio = /** @type {HTMLMediaElement} */ (el("audio", { preload: "none", "data-participant": participantId }));
    byId("sounds").append(audio);
    return audio;
  });
  player.addEventListener("position", moved);
  player.addEventListener("state", moved);
  player.addEventListener("trouble", () => tell(byId("trouble"), "有一段录音暂时放不出来。别的照常放；听不了的，记一条意见。"));
  overview.show(record, player.end || record.seconds);
  moved();
}

function moved() {
  if (!player) return;
  byId("toggle").replaceChildren(icon(player.playing ? "pause" : "play"));
  byId("toggle").setAttribute("aria-label", player.playing ? "暂停" : "播放");
  byId("rate").textContent = `${player.rate} 倍`;
  byId("clock").textContent = clockAt(found.record.started_at, player.position);
  byId("position").textContent = `${mediaTime(player.position)} / ${mediaTime(player.end)}`;
  overview.move(player.position);
  lines.speak(player.playing ? player.position : null, player.until === null);
}

/** @param {string} id @param {number | null} [at] from a word on */
function hear(id, at = null) {
  const line = lines.byId.get(id);
  if (line && line.end > line.start) player?.playStretch(at ?? line.start, line.end);
}

/** @param {string} id @param {boolean} aloud */
function go(id, aloud) {
  showPane("text");
  lines.select(id);
  if (aloud) hear(id);
}

/** @param {number} direction */
function step(direction) {
  const line = lines.neighbour(direction);
  if (line) go(line.id, true);
}

/** @param {string} name */
function showPane(name) {
  root.dataset.pane = name;
  for (const tab of root.querySelectorAll(".panes [data-pane]")) tab.setAttribute("aria-selected", String(tab.getAttribute("data-pane") === name));
}

// --- noting ------------------------------------------------------------------------------------------------------

async function note() {
  const said = words.value.trim();
  tell(byId("wrong"), said ? "" : "写一下听到的是什么、应当怎么写。");
  if (!said) return words.focus();
  const done = await act(() => api("POST", `${path}/findings`, { kind: kind.value, line_id: about || null, words: said }));
  if (!done) return undefined;
  words.value = "";
  void typing.sent();
  return toast("记下了，交回去以前还可以去掉");
}

/** Does something and shows what stands then; whether it went through. @param {() => Promise<any>} deed */
async function act(deed) {
  try {
    await deed();
    await load();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("wrong"), error.message);
    return false;
  }
}

async function finish() {
  const count = found.findings.length;
  const answer = await ask({
    title: "听完了，交回去？",
    body: [words.value.trim() ? el("p.warn", {}, "右边还有一条意见写了没有记下，现在交，那一条不算。") : "", el("p", {}, count ? `${count} 条意见会给${found.clerk || "校对的人"}看。交了就不能再改。` : "没有记意见，就是没有听出问题。交了就不能再改。")],
    buttons: [{ value: "yes", words: "交回去", kind: "primary" }, { value: "", words: "再听听" }],
  });
  if (answer && (await act(() => api("POST", `${path}/finish`)))) location.assign("/reviews");
}

/** Somebody else may hear it. */
async function release() {
  try {
    await api("DELETE", `${path}/take`);
    location.assign("/reviews");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("wrong"), error.message);
  }
}

// --- wiring ------------------------------------------------------------------------------------------------------

async function load() {
  try {
    show(await api("GET", path));
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    tell(byId("offline"), error.status === 0 ? "网断了。网一通，会自己再取一次。" : error.message);
  }
}

/** @type {Object<string, () => void>} */
const commands = {
  toggle: () => player?.toggle(),
  again: () => hear(lines.current || lines.playing),
  back: () => player?.seek(player.position - BACK_S),
  up: () => step(-1),
  down: () => step(1),
  right: () => { if (!byId("noting").hidden) note(); },
  slower: () => player?.changeRate(-1),
  faster: () => player?.changeRate(1),
};

lines.addEventListener("hear", (event) => hear(/** @type {CustomEvent} */ (event).detail));
lines.addEventListener("hear-word", (event) => { const { id, at } = /** @type {CustomEvent} */ (event).detail; hear(id, at); });
lines.addEventListener("select", (event) => { about = /** @type {CustomEvent} */ (event).detail; showAbout(); typing.keep(); });
overview.addEventListener("seek", (event) => player?.seek(/** @type {CustomEvent} */ (event).detail));
byId("noting").addEventListener("submit", (event) => { event.preventDefault(); note(); });
byId("no-line").addEventListener("click", () => { about = ""; showAbout(); typing.keep(); });
byId("finish").addEventListener("click", finish);
byId("release").addEventListener("click", release);
root.addEventListener("click", (event) => {
  const target = /** @type {Element} */ (event.target);
  const play = target.closest("[data-play]")?.getAttribute("data-play");
  if (play) commands[play]();
  const pane = target.closest(".panes [data-pane]")?.getAttribute("data-pane");
  if (pane) showPane(pane);
});
new Keys(root.dataset.user || "").listen(commands);
window.addEventListener("online", load);
await typing.ready;
await load();
if (about && lines.byId.has(about)) lines.select(about);
else showAbout();
