// The leader's reception: prepare, talk, and what happens afterwards.  The seat (seat.js) does the talking.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId } from "/static/js/dom.js";
import { After } from "/static/js/leader/after.js";
import { background, earlier, facts, matterOf } from "/static/js/leader/brief.js";
import { ending } from "/static/js/room/endings.js";
import { Preparing } from "/static/js/room/preparing.js";
import { show } from "/static/js/room/steps.js";
import "/static/js/room/surface.js";
import { Talk, askForSeat } from "/static/js/leader/talk.js";

/** Reception that this tab is in the middle of: a page that is loaded anew goes straight back into it. */
const TALKING = "jietan.talking";
const id = document.documentElement.dataset.reception || "";
const begin = /** @type {HTMLButtonElement} */ (byId("begin"));

/** @type {{reception: any, ticket: Promise<any> | null}} */
const page = { reception: null, ticket: null };

const preparing = new Preparing({
  button: "begin", ready: () => (page.reception.state === "running" ? "回到接谈" : "开始接谈"),
  goOn: () => { const back = page.reception.state === "running" && comingBack(); if (back) void startTalk(); return back; },
});

/** @param {string} words @param {string} [title] @param {string} [talking] another talk that one is in, to go back to */
function problem(words, title = "这场接谈打不开", talking = "") {
  const back = /** @type {HTMLAnchorElement} */ (byId("problem-talk"));
  back.hidden = !talking;
  back.href = `/leader/receptions/${talking}`;
  byId("problem-again").hidden = Boolean(talking);
  byId("problem-title").textContent = title;
  byId("problem-words").textContent = words;
  show("problem");
}

/** Whoever is in the middle of a talk is missed there: nothing waits for anything else. */
function comingBack() {
  return sessionStorage.getItem(TALKING) === id;
}

async function load() {
  show("loading");
  if (comingBack() && !preparing.media) preparing.openEarly();
  try {
    page.reception = await api("GET", `/api/receptions/${id}`);
  } catch (error) {
    preparing.dropEarly();
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
  preparing.dropEarly();
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
    askEarly(reception.id);
  }
  void preparing.look();
}

/** @param {string} reception */
function askEarly(reception) {
  page.ticket = askForSeat(reception);
  page.ticket.catch(() => undefined); // told where it is used
}

async function startTalk() {
  const media = preparing.take();
  if (!media) return;
  begin.disabled = true;
  sessionStorage.setItem(TALKING, id);
  if (!page.ticket) askEarly(page.reception.id); // the screen is made ready meanwhile
  const talk = new Talk(page.reception, media, page.ticket);
  page.ticket = null;
  talk.addEventListener("over", (event) => over(/** @type {CustomEvent} */ (event).detail));
  show("talk");
  await talk.start();
}

/** @param {{reason: string, message: string, talking: string}} detail */
function over({ reason, message, talking }) {
  preparing.release();
  sessionStorage.removeItem(TALKING);
  const out = ending(reason);
  if (reason === "refused") problem(message, talking ? "您还在另一场里" : "没有接上", talking);
  else if (out) problem(out.back ? `${out.why}要回到这里谈，点“再试一次”。` : out.why, out.title);
  else new After(id).begin(null, () => show("after"));
}

byId("problem-again").addEventListener("click", load);
begin.addEventListener("click", startTalk);
load();
