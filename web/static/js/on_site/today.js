// Receptions on site of today, and entering one: of somebody who comes now, who was booked, or who waits with a number.
import { ApiError, api, logInPath } from "/static/js/api.js";
import { byId, el, icon, tell } from "/static/js/dom.js";
import { mark, onSend, required, said, wrongOnly } from "/static/js/form.js";
import { chineseDay, clockTime, inWords } from "/static/js/time.js";

const EVERY_MS = 5000;
const PHONE = /^(1\d{10}|0\d{2,3}-?\d{7,8})$/;
const root = byId("on-site");
const form = /** @type {HTMLFormElement} */ (byId("begin"));
const address = new URLSearchParams(location.search);

/** Who is received: nobody known, a booking or a number. @type {{booking: any, number: any, booked: any[]}} */
const page = { booking: null, number: null, booked: [] };

/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement | HTMLSelectElement} */ (byId(name));

/** @param {any} talk */
function stateWords(talk) {
  if (talk.state === "waiting") return ["line", "clock", "还没开始"];
  if (talk.state === "running") return ["accent", "mic", "正在录"];
  return talk.record_id ? ["ok", "paper", "草稿好了"] : ["line", "clock", "正在出草稿"];
}

/** @param {any} talk */
function length(talk) {
  if (!talk.started_at || !talk.ended_at) return "";
  return `谈了${inWords((new Date(talk.ended_at).getTime() - new Date(talk.started_at).getTime()) / 1000)}`;
}

/** @param {any} talk */
function talkItem(talk) {
  const [tone, drawing, words] = stateWords(talk);
  const open = talk.state === "waiting" || talk.state === "running";
  const link = open ? (talk.may_hold ? el("a.btn.primary", { href: `/on-site/${talk.reception_id}` }, icon("mic"), talk.state === "waiting" ? "去开始" : "回到录音") : null)
    : el("a.btn", { href: talk.record_id ? `/desk/${talk.record_id}` : `/on-site/${talk.reception_id}` }, icon("paper"), talk.record_id ? "看笔录" : "看进展");
  return el("li", { "data-talk": talk.reception_id }, el("span.stack.g1", {}, el("span.row", {}, el(`span.badge.${tone}`, {}, icon(drawing), words), el("span.badge.line", {}, talk.kind_words), el("span.small.soft.num", {}, talk.number)),
    el("b", {}, talk.matter || "没有先说是什么事"), el("span.small.soft", {}, `${talk.petitioner}　${talk.leader}　${talk.place}　${clockTime(talk.asked_at)}　${length(talk)}`)), link);
}

/** @param {any} one */
function bookedItem(one) {
  const start = el("button.btn.primary", { type: "button" }, icon("mic"), "开始接访");
  start.addEventListener("click", () => choose({ booking: one }));
  return el("li", { "data-booking": one.booking_id }, el("span.stack.g1", {}, el("span.row", {}, el("span.badge.line", {}, one.kind_words), el("span.small.soft.num", {}, one.time)),
    el("b", {}, one.matter), el("span.small.soft", {}, `${one.name}　${one.leader}　${one.place}`)), start);
}

/** @param {string} id @param {HTMLElement[]} items */
function list(id, items) {
  byId(id).replaceChildren(...items);
  byId(id).hidden = !items.length;
}

/** @param {any} found OnSiteToday */
function draw(found) {
  const open = found.talks.filter((/** @type {any} */ one) => ["waiting", "running"].includes(one.state));
  const over = found.talks.filter((/** @type {any} */ one) => !open.includes(one));
  page.booked = found.booked;
  byId("day").textContent = chineseDay(found.day);
  list("open", open.map(talkItem));
  list("booked", found.booked.map(bookedItem));
  list("over", over.map(talkItem));
  byId("none-open").hidden = open.length > 0;
  byId("none-booked").hidden = found.booked.length > 0;
  byId("over-panel").hidden = over.length === 0;
  offerLeaders(found.leaders);
}

/** @param {any[]} leaders */
function offerLeaders(leaders) {
  const place = field("leader_id");
  if (place.childElementCount) return;
  const own = root.dataset.role === "leader" ? leaders.filter((one) => String(one.id) === root.dataset.user) : leaders;
  place.replaceChildren(...(own.length > 1 ? [el("option", { value: "" }, "请选")] : []), ...own.map((one) => el("option", { value: one.id }, one.title ? `${one.name}（${one.title}）` : one.name)));
}

/** @param {{booking?: any, number?: any}} whom */
function choose({ booking = null, number = null }) {
  [page.booking, page.number] = [booking, number];
  const known = booking || number;
  byId("person").hidden = Boolean(known);
  byId("whom").hidden = !known;
  if (known) byId("whom").querySelector("div")?.replaceChildren(el("b", {}, booking ? `约好的：${booking.name}` : `排队的 ${number.number}：${number.petitioner}`), `　${known.matter || "没有先说是什么事"}`);
  if (booking) {
    field("kind").value = booking.kind;
    field("leader_id").value = String(booking.leader_id);
    field("place").value = booking.place;
  }
  if (known && matchMedia("(max-width: 1199px)").matches) form.scrollIntoView({ block: "start" });
}

function personRow() {
  const row = /** @type {HTMLElement} */ (/** @type {HTMLTemplateElement} */ (byId("person-row")).content.cloneNode(true)).firstElementChild;
  row?.querySelector("button")?.addEventListener("click", () => row.remove());
  if (row) byId("people").append(row);
  row?.querySelector("input")?.focus();
}

function others() {
  return [...byId("people").children].map((row) => ({ name: /** @type {HTMLInputElement} */ (row.querySelector("input")).value.trim(), part: /** @type {HTMLSelectElement} */ (row.querySelector("select")).value })).filter((one) => one.name);
}

/** @param {Object<string, string>} fields */
function wrong(fields) {
  const known = page.booking || page.number;
  return wrongOnly({
    leader_id: required(fields.leader_id || "", "接访的领导").replace("请填", "请选"), place: fields.kind === "village" ? required(fields.place, "在哪个村") : "",
    name: known ? "" : required(fields.name, "信访人姓名"), phone: known || !fields.phone.trim() || PHONE.test(fields.phone.trim()) ? "" : "手机是 11 位；座机写区号和号码，像 0791-88886666",
  });
}

async function load() {
  try {
    draw(await api("GET", "/api/on-site"));
    tell(byId("offline"), "");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) location.assign(logInPath());
    tell(byId("offline"), error.status === 0 ? "网断了，正在自己重连。" : said(error));
  }
}

/** What the address says: a booking, a number, a leader's day. */
async function fromAddress() {
  const booking = page.booked.find((one) => String(one.booking_id) === address.get("booking"));
  if (booking) choose({ booking });
  const number = address.get("number");
  if (number) choose({ number: await api("GET", `/api/receptions/${encodeURIComponent(number)}`) });
  for (const name of ["kind", "leader_id", "place"]) if (address.has(name)) field(name).value = address.get(name) || "";
}

onSend(form, wrong, async (fields) => {
  const known = page.booking || page.number;
  const made = await api("POST", "/api/on-site", {
    kind: fields.kind, leader_id: Number(fields.leader_id), place: fields.place.trim(), people: others(),
    name: known ? "" : fields.name.trim(), phone: known ? "" : fields.phone.trim(), matter: known ? "" : fields.matter.trim(),
    booking_id: page.booking?.booking_id ?? null, reception_id: page.number?.id ?? null,
  });
  location.assign(`/on-site/${made.reception_id}`);
}, byId("trouble"));
form.addEventListener("input", (event) => mark(form, /** @type {HTMLInputElement} */ (event.target).name, ""));
byId("somebody-else").addEventListener("click", () => choose({}));
byId("add-person").addEventListener("click", personRow);

await load();
try {
  await fromAddress();
} catch (error) {
  if (!(error instanceof ApiError)) throw error;
  tell(byId("trouble"), said(error));
}
setInterval(() => { if (!document.hidden) void load(); }, EVERY_MS);
