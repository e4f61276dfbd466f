// What an officer is told, and where else they want it.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { supervise } from "/static/js/cases/supervise.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { onSend, said } from "/static/js/form.js";
import { showUnread } from "/static/js/notices/bell.js";
import { chineseMoment } from "/static/js/time.js";

const TONES = /** @type {Object<string, [string, string]>} */ ({
  before: ["accent", "clock"], due: ["warn", "clock"], late: ["bad", "alert"], urged: ["warn", "bell"], supervision: ["bad", "flag"], answered: ["ok", "okc"], handed_up: ["warn", "flag"], lecture: ["accent", "screen"], booking: ["accent", "cal"], promise: ["warn", "flag"], alarm: ["bad", "alert"],
});
/** Where what is about no case is looked at. @type {Object<string, string>} */
const PAGES = { lecture: "/lectures", booking: "/reception-days" };
/** Who is told above the unit that something is late writes the letter from here: a person sends it, never the program. */
const writes = document.querySelector("main.notices[data-role=supervisor]") !== null;
const contact = /** @type {HTMLFormElement} */ (byId("contact"));
/** @type {{newest: number, oldest: number}} */
const page = { newest: 0, oldest: 0 };

/** @param {any} one NoticeView of server/protocol/notices.py */
function row(one) {
  const [tone, drawing] = TONES[one.kind] || ["line", "bell"];
  const path = one.case_id ? `/cases/${one.case_id}` : PAGES[one.kind] || "";
  const go = path ? el("a.btn.small", { href: path }, "打开") : null;
  go?.addEventListener("click", () => api("POST", "/api/notices/read", { up_to: one.id, only: true }).catch(() => null));
  return el(one.read ? "li" : "li.new", { "data-notice": one.id },
    el(`span.badge.${tone}`, {}, icon(drawing), one.label),
    el("div.grow", {}, el("p", {}, one.words), el("p.small.soft", {}, `${one.read ? "" : "没看过　"}${chineseMoment(one.at)}`)),
    writes && one.kind === "late" && one.case_id ? letterKey(one) : null, go);
}

/** The prepared letter to whoever is late. @param {any} one NoticeView */
function letterKey(one) {
  const key = el("button.btn.small.primary", { type: "button" }, "发督办函");
  key.addEventListener("click", async () => {
    if (!(await supervise({ id: one.case_id, title: one.words }))) return;
    await kept(async () => {
      await api("POST", "/api/notices/read", { up_to: one.id, only: true });
      await load();
    });
  });
  return key;
}

/** @param {number} count */
function unread(count) {
  byId("summary").textContent = count ? `${count > 99 ? "99 条以上" : `${count} 条`}没看过` : "";
  byId("all").hidden = !count;
  showUnread(count);
}

/** @param {any} found Notices @param {boolean} more add to what is there */
function draw(found, more) {
  const rows = found.notices.map(row);
  if (more) byId("rows").append(...rows);
  else {
    byId("rows").replaceChildren(...rows);
    page.newest = found.notices[0]?.id || 0;
    byId("empty").hidden = rows.length > 0;
  }
  page.oldest = found.notices.at(-1)?.id || page.oldest;
  byId("older").hidden = !found.more;
  unread(found.unread);
}

/** @param {() => Promise<void>} work */
async function kept(work) {
  try {
    await work();
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.code === "offline" ? "网断了。网一通请再试。" : said(error));
  }
}

async function load() {
  draw(await api("GET", "/api/notices"), false);
}

byId("older").addEventListener("click", () => kept(async () => draw(await api("GET", `/api/notices?before=${page.oldest}`), true)));
byId("all").addEventListener("click", () => kept(async () => {
  await api("POST", "/api/notices/read", { up_to: page.newest });
  await load();
}));
onSend(contact, () => ({}), async (fields) => {
  byId("saved").textContent = "";
  await api("PUT", "/api/notices/contact", { mail: fields.mail, phone: fields.phone });
  byId("saved").textContent = "记下了。";
});

kept(async () => {
  await load();
  const known = await api("GET", "/api/notices/contact");
  const fields = /** @type {any} */ (contact.elements);
  [fields.mail.value, fields.phone.value] = [known.mail, known.phone];
  const ways = [known.mail_offered && "邮件", known.sms_offered && "短信"].filter(Boolean);
  byId("offered").textContent = ways.length ? `本单位能发：${ways.join("、")}。` : "本单位还没有设置邮件和短信，先只在这里看。要发，请管理员在设置里写上。";
});
addEventListener("online", () => kept(load));
