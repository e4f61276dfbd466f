// The leader's reception: prepare, talk, and what happens afterwards.  The seat (seat.js) does the talking.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, tell } from "/static/js/dom.js";
import { After } from "/static/js/leader/after.js";
import { background, earlier, facts, matterOf } from "/static/js/leader/brief.js";
import { DeviceError, openDevices, release } from "/static/js/leader/devices.js";
import { Meter } from "/static/js/leader/meter.js";
import { offer } from "/static/js/room/chosen_devices.js";
import { ending } from "/static/js/room/endings.js";
import { Talk, askForSeat } from "/static/js/leader/talk.js";

/** Reception that this tab is in the middle of: a page that is loaded anew goes straight back into it. */
const TALKING = "jietan.talking";
const STEPS = ["loading", "problem", "prepare", "talk", "after"];
const id = document.documentElement.dataset.reception || "";
const begin = /** @type {HTMLButtonElement} */ (byId("begin"));
const previewMeter = new Meter(byId("preview-meter"));

const lists = { audio: /** @type {HTMLSelectElement} */ (byId("choose-audio")), video: /** @type {HTMLSelectElement} */ (byId("choose-video")) };

/** @type {{reception: any, media: MediaStream | null, opening: boolean, early: ReturnType<typeof openDevices> | null, ticket: Promise<any> | null}} */
const page = { reception: null, media: null, opening: false, early: null, ticket: null };

/** @param {string} step one of STEPS */
function show(step) {
  document.documentElement.dataset.step = step;
  for (const name of STEPS) byId(name).hidden = name !== step;
}

/** @param {string} words @param {string} [title] */
function problem(words, title = "这场接谈打不开") {
  byId("problem-title").textContent = title;
  byId("problem-words").textContent = words;
  show("problem");
}

/** Whoever is in the middle of a talk is missed there: nothing waits for anything else. */
function comingBack() {
  return sessionStorage.getItem(TALKING) === id;
}

/** Devices opened for a talk that there is none of are let go. */
function notBack() {
  page.early?.then(({ stream }) => release(stream)).catch(() => undefined);
  page.early = null;
}

async function load() {
  show("loading");
  if (comingBack() && !page.media) {
    page.early = openDevices();
    page.early.catch(() => undefined);
  }
  try {
    page.reception = await api("GET", `/api/receptions/${id}`);
  } catch (error) {
    notBack();
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    problem(error.message);
    return;
  }
  opened(page.reception);
}

/** @param {any} reception */
function opened(reception) {
  if (reception.on_site && ["waiting", "running"].includes(reception.state)) return location.replace(`/on-site/${id}`);
  byId("about").textContent = `${reception.number} ${reception.petitioner}　${matterOf(reception)}`;
  document.title = `${reception.number} ${reception.petitioner} · 接谈`;
  if (reception.state === "waiting" || (reception.state === "running" && reception.mine)) return prepare(reception);
  notBack();
  if (reception.state === "running") problem(`${reception.receiver || "另一位领导"}正在谈这一件。`, "已经有人在谈");
  else new After(id).begin(reception, () => show("after"));
}

/** @param {any} reception */
function prepare(reception) {
  byId("prepare-number").textContent = reception.number;
  byId("prepare-matter").textContent = matterOf(reception);
  byId("prepare-brief").replaceChildren(...facts(reception), background(reception.id), earlier(reception));
  show("prepare");
  if (reception.state === "running" && comingBack()) {
    page.ticket = askForSeat(reception.id);
    page.ticket.catch(() => undefined);
  }
  prepareDevices();
}

async function prepareDevices() {
  if (page.opening) return;
  page.opening = true;
  ready("");
  try {
    release(page.media);
    const early = page.early;
    page.early = null;
    const { stream, withoutCamera } = await (early ?? openDevices());
    page.media = stream;
    if (page.reception.state === "running" && comingBack()) return await startTalk();
    await offer(lists, stream, prepareDevices);
    tell(byId("no-camera"), withoutCamera);
    preview(stream);
    ready(page.reception.state === "running" ? "回到接谈" : "开始接谈");
  } catch (error) {
    tell(byId("device-trouble"), error instanceof DeviceError ? error.message : "麦克风打不开，请刷新再试。");
    byId("devices-again").hidden = false;
    byId("begin-words").textContent = "还差麦克风";
  } finally {
    page.opening = false;
  }
}

/** @param {string} words empty: not yet */
function ready(words) {
  begin.disabled = !words;
  byId("begin-words").textContent = words || "正在打开麦克风";
  byId("devices-again").hidden = true;
  tell(byId("device-trouble"), "");
  if (!words) tell(byId("no-camera"), "");
}

/** @param {MediaStream} stream */
function preview(stream) {
  const video = /** @type {HTMLVideoElement} */ (byId("preview"));
  video.srcObject = stream;
  byId("preview-none").hidden = stream.getVideoTracks().length > 0;
  previewMeter.show(stream);
}

async function startTalk() {
  const media = page.media;
  if (!media) return;
  begin.disabled = true;
  sessionStorage.setItem(TALKING, id);
  previewMeter.stop();
  /** @type {HTMLVideoElement} */ (byId("preview")).srcObject = null;
  const talk = new Talk(page.reception, media, page.ticket);
  page.ticket = null;
  talk.addEventListener("over", (event) => over(/** @type {CustomEvent} */ (event).detail));
  show("talk");
  await talk.start();
}

/** @param {{reason: string, message: string}} detail */
function over({ reason, message }) {
  release(page.media);
  page.media = null;
  sessionStorage.removeItem(TALKING);
  const out = ending(reason);
  if (reason === "refused") problem(message, "没有接上");
  else if (out) problem(out.back ? `${out.why}要回到这里谈，点“再试一次”。` : out.why, out.title);
  else new After(id).begin(null, () => show("after"));
}

const narrow = matchMedia("(max-width: 719px)");
function surface() {
  document.documentElement.dataset.surface = narrow.matches ? "phone" : "leader";
}
narrow.addEventListener("change", surface);
surface();
byId("problem-again").addEventListener("click", load);
byId("devices-again").addEventListener("click", prepareDevices);
begin.addEventListener("click", startTalk);
addEventListener("pagehide", () => release(page.media));
load();
