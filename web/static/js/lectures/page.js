// One lecture: what it is, coming in, and what is there afterwards.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { Preparing } from "/static/js/room/preparing.js";
import { show } from "/static/js/room/steps.js";
import "/static/js/room/surface.js";
import { chineseMoment, inWords } from "/static/js/time.js";
import { LectureTalk } from "./talk.js";

const AGAIN_MS = 5000;
const path = document.documentElement.dataset.api || "";
const screen = document.documentElement.dataset.screen !== undefined;
/** Of the speaker; who watches needs none. */
const preparing = new Preparing({
  button: "come-in", ready: () => (page.view.row.state === "running" ? "回去接着讲" : "开讲"),
  withoutCamera: () => "没有摄像头画面，大家只听得见您。照常可以讲，也可以给大家看屏幕。",
});
const ENDS = {
  left: ["您已经离开", "讲座还在讲。要再进去看，按下面的键。", true],
  replaced: ["换到别处看了", "这个讲座正在您的另一个窗口里。要回到这里，按下面的键。", true],
  network_lost: ["线路断得太久", "按下面的键再进去。", true],
  token_expired: ["看的时间太长了", "按下面的键再进去。", true],
};
const OVER = ["讲完了", "谢谢您参加。视频做好以后，可以在“讲座”里回看。", false];

/** @type {{view: any, timer: number}} */
const page = { view: null, timer: 0 };

/** @param {unknown} error */
function problem(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) location.assign(logInPath());
  byId("problem-words").textContent = error.message;
  byId("problem-again").hidden = error.status === 404;
  show("problem");
}

async function load() {
  clearTimeout(page.timer);
  show("loading");
  try {
    return screen ? await loadScreen() : await look(true);
  } catch (error) {
    return problem(error);
  }
}

async function loadScreen() {
  const told = await api("GET", path);
  byId("about").textContent = `${told.title}　${told.office}`;
  if (told.state === "planned" || told.state === "running") return start("screen", null);
  return after(told.state === "cancelled" ? ["讲座取消了", "请看单位的通知。", false] : ["讲完了", "这个讲座已经结束。", false]);
}

/** @param {boolean} first */
async function look(first) {
  page.view = await api("GET", path);
  draw(page.view);
  if (first) show("prepare");
  const { row, film } = page.view;
  const changes = ["planned", "running", "closing"].includes(row.state) || ["waiting", "running"].includes(film?.state);
  if (changes) page.timer = window.setTimeout(() => void look(false).catch(() => { page.timer = window.setTimeout(() => void look(false), AGAIN_MS); }), AGAIN_MS);
  if (first && row.mine && row.state !== "ended" && row.state !== "cancelled" && row.state !== "closing") await preparing.look();
}

/** @param {any} view */
function draw({ row, offices, may_manage, may_screen, screen: linked, seconds, film }) {
  const open = row.state === "planned" || row.state === "running";
  byId("about").textContent = row.title;
  byId("title").textContent = row.title;
  byId("state").textContent = row.state_words;
  const facts = [["什么时候", chineseMoment(row.started_at || row.planned_at) + (seconds ? `，讲了 ${inWords(seconds)}` : "")], ["主讲", row.speaker], ["主办单位", row.office]];
  byId("facts").replaceChildren(...facts.flatMap(([name, words]) => [el("dt", {}, name), el("dd", {}, words)]));
  const came = offices.filter((/** @type {any} */ one) => one.came).length;
  byId("invited-count").textContent = `请了 ${offices.length} 个单位，${came ? `来过 ${came} 个` : open ? "还没有人来" : "没有人来"}`;
  byId("invited").replaceChildren(...offices.map((/** @type {any} */ one) => el("li.row.between", {}, el("span", {}, one.name), one.came ? el("span.ok.nb.small", {}, "来过") : el("span.mute.nb.small", {}, open ? "还没来" : "没有来"))));
  byId("come-in").hidden = !open;
  byId("speaker-place").hidden = !(open && row.mine);
  byId("told").hidden = !open;
  if (row.mine) preparing.draw();
  else byId("come-in-words").textContent = "进去看";
  byId("cancel").hidden = !(may_manage && row.state === "planned");
  byId("finish").hidden = !(may_manage && row.state === "running");
  byId("screen-link").hidden = !may_screen;
  byId("screen-words").textContent = linked ? "再要一个大厅屏幕的链接" : "要一个大厅屏幕的链接";
  drawFilm(row, film, may_manage);
}

/** @param {any} row @param {any} film @param {boolean} manages */
function drawFilm(row, film, manages) {
  const place = byId("film-place");
  place.hidden = row.state !== "ended" && row.state !== "closing";
  const ready = film?.state === "ready";
  const words = { waiting: "视频在排队做", running: `视频正在做，做好 ${Math.round(100 * (film?.progress || 0))}%`, failed: film?.messages?.[0] || "视频没有做成。" };
  byId("film-words").textContent = ready ? "" : row.state === "closing" ? "正在收好录音录像。" : words[/** @type {keyof typeof words} */ (film?.state)] || "还没有视频。";
  const video = /** @type {HTMLVideoElement} */ (byId("film"));
  video.hidden = !ready;
  if (ready && video.getAttribute("src") !== film.url) video.setAttribute("src", film.url);
  const save = byId("film-save");
  save.hidden = !ready;
  if (ready) save.setAttribute("href", `${film.url}?save=true`);
  const all = byId("bundle-save");
  all.hidden = !ready || !manages;
  all.setAttribute("href", `/api/lectures/${row.id}/bundle`);
  byId("film-make").hidden = !manages || row.state !== "ended" || ["waiting", "running"].includes(film?.state);
  byId("film-make-words").textContent = ready || film?.state === "failed" ? "再做一次" : "做视频";
}

/** @param {"speaker"|"viewer"|"screen"} part @param {MediaStream|null} media */
async function start(part, media) {
  clearTimeout(page.timer);
  const talk = new LectureTalk(part, media, () => api("POST", `${path}/join`));
  talk.addEventListener("over", (event) => over(/** @type {CustomEvent} */ (event).detail));
  show("talk");
  await talk.start();
}

/** @param {{reason: string, message: string}} detail */
function over({ reason, message }) {
  preparing.release();
  after(ENDS[/** @type {keyof typeof ENDS} */ (reason)] || (message ? ["进不去", message, true] : OVER));
}

/** @param {any[]} words */
function after([title, words, back]) {
  byId("after-title").textContent = String(title);
  byId("after-words").textContent = String(words);
  byId("again").hidden = !back;
  byId("to-list").hidden = screen;
  show("after");
}

/** Does what may fail, and says why it did.  @param {() => Promise<any>} work */
async function kept(work) {
  try {
    await work();
    tell(byId("trouble"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return location.assign(logInPath());
    tell(byId("trouble"), error.message);
  }
}

/** @param {string} deed */
function manage(deed) {
  return kept(async () => { clearTimeout(page.timer); await api("POST", `${path}/${deed}`); await look(false); });
}

async function askScreen() {
  const { url } = await api("POST", `${path}/screen`);
  byId("screen-url").textContent = url;
  byId("screen-told").hidden = false;
  byId("screen-words").textContent = "再要一个大厅屏幕的链接";
}

const asks = /** @type {HTMLDialogElement} */ (byId("ask-cancel"));
byId("come-in").addEventListener("click", () => void start(page.view.row.mine ? "speaker" : "viewer", preparing.take()));
byId("cancel").addEventListener("click", () => asks.showModal());
byId("cancel-no").addEventListener("click", () => asks.close());
byId("cancel-yes").addEventListener("click", () => { asks.close(); void manage("cancel"); });
byId("finish").addEventListener("click", () => void manage("end"));
byId("film-make").addEventListener("click", () => void manage("film"));
byId("screen-link").addEventListener("click", () => void kept(askScreen));
byId("problem-again").addEventListener("click", () => void load());
byId("again").addEventListener("click", () => void load());
byId("told").replaceChildren(...[["rec", "全程录音录像，做成视频给请到的单位回看。"], ["hand", "想发言先举手，主讲人请您以后才打开麦克风和摄像头。"]].map(([drawing, words]) => el("li.row.top", {}, icon(drawing), el("span", {}, words))));
void load();
