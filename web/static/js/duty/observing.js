// Talks under way that a supervisor may observe; whoever observes is seen by everybody in the talk.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell, tellFetching } from "/static/js/dom.js";
import { said } from "/static/js/form.js";
import { clockTime } from "/static/js/time.js";

const EVERY_MS = 5000;
let shown = "";

/** @param {() => Promise<void>} work */
async function kept(work) {
  try {
    await work();
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了，正在自己重连。" : said(error));
  }
}

/** @param {any} talk RunningTalk of server/protocol/receptions.py */
function row(talk) {
  const go = el("button.btn.primary", { type: "button", "aria-label": `旁听 ${talk.number}` }, icon("eye"), "旁听");
  go.addEventListener("click", () => kept(async () => {
    const { id } = await api("POST", `/api/observing/${talk.id}`);
    location.assign(`/invitations/${id}`);
  }));
  return el("tr", {}, el("td", {}, el("b.num", {}, talk.number)), el("td", {}, talk.kiosk), el("td", {}, talk.receiver || "还没有人接"),
    el("td.nb", {}, talk.joined_at ? clockTime(talk.joined_at) : ""), el("td.r", {}, go));
}

async function load() {
  const asked = api("GET", "/api/observing");
  const { talks } = await (shown ? asked : tellFetching(asked));
  const now = JSON.stringify(talks);
  if (now === shown) return;
  shown = now;
  byId("rows").replaceChildren(...talks.map(row));
  byId("table").hidden = !talks.length;
  byId("empty").hidden = talks.length > 0;
  byId("sum").textContent = talks.length ? `${talks.length} 场` : "";
}

for (;;) {
  if (!document.hidden) await kept(load);
  await new Promise((resume) => setTimeout(resume, EVERY_MS));
}
