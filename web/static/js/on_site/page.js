// One reception on site: the notice and the petitioner's words, the microphone, the talk, and what follows.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { openRoomMicrophone } from "/static/js/room/devices.js";
import { ending } from "/static/js/room/endings.js";
import { Preparing } from "/static/js/room/preparing.js";
import { show } from "/static/js/room/steps.js";
import { chineseMoment, inWords } from "/static/js/time.js";
import { Level } from "./level.js";
import { RoomPeople } from "./people.js";
import { RoomTalk } from "./talk.js";

const EVERY_MS = 2000;
/** The reception that this tab records: a page that is loaded anew goes straight on. */
const RECORDING = "jietan.on-site";
const id = document.documentElement.dataset.talk || "";
const path = `/api/on-site/${id}`;
const start = /** @type {HTMLButtonElement} */ (byId("start"));
const words = /** @type {HTMLInputElement} */ (byId("words"));
const people = new RoomPeople(path, draw);

/** @type {{talk: any, goesOn: boolean}} `goesOn`: the page was loaded anew in the middle, nothing is asked a second time */
const page = { talk: null, goesOn: false };

const preparing = new Preparing({
  button: "start", device: "话筒", open: openRoomMicrophone, meter: new Level(byId("preview-meter"), byId("preview-words")),
  ready: () => (page.talk.state === "running" ? "接着录" : "他同意了，开始录音"),
  goOn: () => { if (page.goesOn) void record(null); return page.goesOn; },
});

/** @param {string} sentence @param {string} [title] */
function problem(sentence, title = "这一场打不开") {
  byId("problem-title").textContent = title;
  byId("problem-words").textContent = sentence;
  show("problem");
}

async function load() {
  show("loading");
  try {
    draw(await api("GET", path));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    return problem(said(error));
  }
  const { state, may_hold: mayHold } = page.talk;
  if (state !== "waiting" && state !== "running") return after();
  if (!mayHold) return problem(`${page.talk.leader}正在${page.talk.place}接访，由接谈员的电脑录音。`, "这一场不归您录");
  page.goesOn = state === "running" && sessionStorage.getItem(RECORDING) === id;
  if (!page.goesOn || !(await preparing.look())) prepare();
}

/** @param {any} talk */
function draw(talk) {
  page.talk = talk;
  byId("about").textContent = `${talk.kind_words}　${talk.petitioner}　${talk.place}`;
  document.title = `${talk.petitioner} · ${talk.kind_words}`;
  people.show(talk);
}

// --- before it ---------------------------------------------------------------------------------------------------

function prepare() {
  const { talk } = page;
  byId("notice").textContent = talk.notice;
  const known = Boolean(talk.agreed_at);
  for (const name of ["words", "usual"]) /** @type {HTMLElement} */ (byId(name).closest(".field") || byId(name)).hidden = known;
  byId("agreed").hidden = !known;
  if (known) byId("agreed").textContent = `${chineseMoment(talk.agreed_at)} ${talk.agreed_before}念过告知，他说：“${talk.agreed_words}”`;
  byId("cancel").hidden = talk.state !== "waiting";
  show("prepare");
  void preparing.look();
}

/** @param {string} sentence */
function wrongWords(sentence) {
  const place = byId("words-error");
  words.setAttribute("aria-invalid", String(Boolean(sentence)));
  place.hidden = !sentence;
  place.replaceChildren(...(sentence ? [icon("alert"), sentence] : []));
}

async function begin() {
  if (start.disabled || !preparing.media) return;
  const missing = !page.talk.agreed_at && !words.value.trim();
  wrongWords(missing ? "先照原话写下他怎么说的" : "");
  if (missing) return words.focus();
  tell(byId("start-trouble"), "");
  start.disabled = true;
  try {
    const seat = await api("POST", `${path}/start`, { words: words.value.trim() });
    draw(await api("GET", path));
    await record(seat);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("start-trouble"), said(error));
  } finally {
    start.disabled = false;
  }
}

async function cancel() {
  /** @type {HTMLDialogElement} */ (byId("ask-cancel")).close();
  try {
    await api("POST", `${path}/cancel`);
    preparing.release();
    location.assign("/on-site");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(byId("start-trouble"), said(error));
  }
}

// --- the talk ----------------------------------------------------------------------------------------------------

/** @param {any} seat the ticket that was asked for already, null: ask */
async function record(seat) {
  const media = preparing.take();
  if (!media) return;
  page.goesOn = false;
  sessionStorage.setItem(RECORDING, id);
  const talk = new RoomTalk(page.talk, media, seat, () => api("POST", `${path}/start`, { words: "" }));
  talk.addEventListener("over", (event) => over(/** @type {CustomEvent} */ (event).detail));
  show("talk");
  await talk.start();
}

/** @param {{reason: string, message: string}} detail */
function over({ reason, message }) {
  preparing.release();
  if (reason === "replaced") return problem("另一台电脑接着录这一场，这里停下了。", "换到别处录了");
  const out = ending(reason);
  if (out) return problem(`${out.why}要接着录，点“再试一次”。`, out.title);
  sessionStorage.removeItem(RECORDING);
  if (reason === "refused") return problem(message);
  return after();
}

// --- after it ----------------------------------------------------------------------------------------------------

async function after() {
  show("after");
  byId("after-words").textContent = "正在收好录音，出笔录草稿，一般几秒钟就好。";
  for (;;) {
    try {
      draw(await api("GET", path));
      if (settled()) return;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      byId("after-words").textContent = error.status === 0 ? "网断了。录音在机房里，草稿照常出，网一通这里就知道。" : said(error);
      if (error.status >= 400 && error.status < 500) return;
    }
    await new Promise((resume) => setTimeout(resume, EVERY_MS));
  }
}

/** @returns {boolean} whether nothing more will change */
function settled() {
  const { talk } = page;
  byId("code-card").hidden = talk.state === "abandoned";
  byId("code").textContent = talk.query_code;
  byId("after-room").hidden = talk.state === "abandoned" || !talk.may_tell;
  if (talk.state === "abandoned") {
    byId("after-title").textContent = "这一场没有谈";
    byId("after-words").textContent = "没有录音，也没有笔录。";
    return true;
  }
  if (!talk.record_id) {
    if (talk.state === "closed") byId("after-words").textContent = "一点声音也没有录上，所以没有笔录。";
    return talk.state === "closed";
  }
  const length = talk.started_at && talk.ended_at ? `谈了${inWords((new Date(talk.ended_at).getTime() - new Date(talk.started_at).getTime()) / 1000)}。` : "";
  byId("after-title").textContent = "谈完了，草稿好了";
  byId("after-words").textContent = `${length}草稿里每一句都还没写是谁说的：请听着录音，一句一句点说话的人，再交给信访人看、签字。`;
  if (!document.getElementById("to-record")) byId("after-actions").prepend(el("a.btn.primary", { href: `/desk/${talk.record_id}`, id: "to-record" }, icon("paper"), "写明谁说的"));
  if (document.documentElement.dataset.role === "leader" && !document.getElementById("to-promises")) byId("after-actions").append(el("a.btn", { href: `/leader/receptions/${id}`, id: "to-promises" }, icon("check"), "定下答应的事"));
  return true;
}

const askCancel = /** @type {HTMLDialogElement} */ (byId("ask-cancel"));
byId("agree").addEventListener("submit", (event) => { event.preventDefault(); void begin(); });
byId("usual").addEventListener("click", (event) => {
  const button = /** @type {Element} */ (event.target).closest("button");
  if (!button) return;
  words.value = button.textContent || "";
  wrongWords("");
});
words.addEventListener("input", () => wrongWords(""));
byId("problem-again").addEventListener("click", () => void load());
byId("cancel").addEventListener("click", () => askCancel.showModal());
byId("cancel-no").addEventListener("click", () => askCancel.close());
byId("cancel-yes").addEventListener("click", () => void cancel());

void load();
