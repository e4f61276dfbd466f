// The page of somebody who was invited: who asks, what is recorded, a look at the own devices, and the talk.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { ending } from "/static/js/room/endings.js";
import { Preparing } from "/static/js/room/preparing.js";
import { show } from "/static/js/room/steps.js";
import "/static/js/room/surface.js";
import { roleWord } from "/static/js/room/words.js";
import { GuestTalk } from "./talk.js";

const path = document.documentElement.dataset.api || "";
const begin = /** @type {HTMLButtonElement} */ (byId("begin"));
const preparing = new Preparing({ button: "begin", ready: () => "进去" });

const OVER = { title: "谈完了", why: "这次接谈已经结束，谢谢您。可以关掉这个页面。", back: false };

/** @type {{invited: any}} */
const page = { invited: null };

/** @param {unknown} error */
function problem(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) location.assign(logInPath());
  byId("problem-words").textContent = error.message;
  byId("problem-again").hidden = error.status === 404;
  show("problem");
}

async function load() {
  show("loading");
  try {
    page.invited = await api("GET", path);
  } catch (error) {
    return problem(error);
  }
  byId("about").textContent = `${page.invited.name}　${roleWord(page.invited.role)}`;
  const asked = page.invited.inviter !== page.invited.name; // who came to observe asked nobody
  byId("invited-by").replaceChildren(...(asked ? [page.invited.inviter, el("wbr"), "请您参加一次接谈"] : ["旁听一场接谈"]));
  byId("told").replaceChildren(...told(page.invited).map(([drawing, words]) => el("li.row.top", {}, icon(drawing), el("span", {}, words))));
  show("prepare");
  if (page.invited.role === "observer") prepareObserver();
  else await preparing.look();
}

/** What must be known before. @param {any} invited */
function told(invited) {
  const recorded = invited.video ? "全程录音录像" : "全程录音，不录群众的画面";
  const part = invited.role === "observer"
    ? ["eye", "您是旁听：看得见、听得见大家，大家看不见您的画面，也听不见您。大家知道您在旁听。"]
    : ["video", `您是${roleWord(invited.role)}：大家看得见您，听得见您说话。`];
  const kept = invited.role === "observer" ? `${recorded}。` : `${recorded}，您说的话会写进笔录。`;
  return [
    ["home", `${invited.office}，群众在${invited.kiosk}`], part,
    ["rec", `${kept}您什么时候进来、什么时候离开，也会记下。`],
    ["lock", "这里谈的内容，请不要录下来，也不要传出去。"],
  ];
}

/** Who only listens needs no devices. */
function prepareObserver() {
  byId("preview-words").textContent = "旁听不用摄像头和麦克风";
  byId("preview-none").hidden = false;
  byId("preview-tag").hidden = true;
  for (const kind of ["audio", "video"]) byId(`choose-${kind}`).closest(".field")?.toggleAttribute("hidden", true);
  byId("begin-words").textContent = "进去旁听";
  begin.disabled = false;
}

async function start() {
  begin.disabled = true;
  const talk = new GuestTalk(page.invited, preparing.take(), () => api("POST", `${path}/join`));
  talk.addEventListener("over", (event) => over(/** @type {CustomEvent} */ (event).detail));
  show("talk");
  await talk.start();
}

/** @param {{reason: string, message: string}} detail */
function over({ reason, message }) {
  preparing.release();
  const { title, why, back } = ending(reason) || (message ? { title: "进不去", why: message, back: false } : OVER);
  byId("after-title").textContent = title;
  byId("after-words").textContent = back ? `${why}要再进去，按下面的键。` : why;
  byId("again").hidden = !back;
  show("after");
}

byId("problem-again").addEventListener("click", load);
byId("again").addEventListener("click", load);
begin.addEventListener("click", start);
load();
