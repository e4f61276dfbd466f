// 这件事的经过: what is due on top, then what happened, the newest first.
import { byId, el } from "/static/js/dom.js";
import { clockTime } from "/static/js/time.js";
import { daysLeft } from "/static/js/why_this_date.js";

const ZONE = "Asia/Shanghai";
const YEAR = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric" });
const DAY = new Intl.DateTimeFormat("zh-CN", { timeZone: ZONE, month: "long", day: "numeric" });
const NAMED = /** @type {Object<string, string>} */ ({ supplement: "补正", signed: "签字", refused: "没有签字" });
const TROUBLE = new Set(["send_back", "object", "not_accept", "no_longer_accept", "refuse_extension"]);

/** The limit within which a unit may say that a matter is not its own: its right, no duty. */
export const OBJECTING = "object_to_assignment";
/** Until when a unit answers a supervision letter. */
export const ANSWERING = "supervision";

/** @param {string} iso a moment or a day */
function day(iso) {
  return new Date(iso.length === 10 ? `${iso}T00:00:00+08:00` : iso);
}

/** "2027年", empty for this one. @param {string} iso */
function otherYear(iso) {
  const year = YEAR.format(day(iso));
  return year === YEAR.format(new Date()) ? "" : `${year}年`;
}

/** "8月17日", with the year where it is not this one. @param {string} iso */
export function shortDay(iso) {
  return otherYear(iso) + DAY.format(day(iso));
}

/** When something happened, for the narrow column beside the line. @param {string} iso */
export function moment(iso) {
  return el("span.d", {}, el("b", {}, DAY.format(new Date(iso))), el("small", {}, `${otherYear(iso)} ${clockTime(iso)}`));
}

/** The list and its filters. Events: "why" (detail: a deadline) asks why it falls on that day. */
export class Timeline extends EventTarget {
  constructor() {
    super();
    this.list = byId("events");
    this.filters = byId("events-filter");
    this.only = "";
    /** @type {any} */
    this.found = null;
    this.filters.addEventListener("click", (event) => {
      const button = /** @type {Element} */ (event.target).closest("[data-only]");
      if (button) this.filter(button.getAttribute("data-only") || "");
    });
  }

  /** @param {string} only "units", "letters", "": all */
  filter(only) {
    this.only = only;
    for (const button of this.filters.querySelectorAll("[data-only]")) {
      const on = button.getAttribute("data-only") === only;
      button.setAttribute("aria-pressed", String(on));
      button.classList.toggle("quiet", !on);
    }
    this.draw();
  }

  /** @param {any} found Case */
  show(found) {
    this.found = found;
    this.draw();
  }

  draw() {
    const events = [...this.found.events].reverse().filter((event) => !this.only || event.about.includes(this.only));
    const due = this.only === "letters" ? [] : this.found.deadlines.filter((/** @type {any} */ one) => one.rule !== OBJECTING || one.days_left >= 0).reverse().map((/** @type {any} */ one) => this.due(one));
    const rows = [...due, ...events.map((event) => this.event(event))];
    this.list.replaceChildren(...(rows.length ? rows : [el("li.none.mute", {}, this.only === "letters" ? "还没有出过文书。" : "还没有交给哪个单位。")]));
  }

  /** @param {any} deadline */
  due(deadline) {
    const why = el("button.link", { type: "button" }, "为什么是这一天");
    why.addEventListener("click", () => this.dispatchEvent(new CustomEvent("why", { detail: deadline })));
    return el("li.due-row", {},
      el("span.d", {}, el("b", {}, DAY.format(day(deadline.due))), otherYear(deadline.due) ? el("small", {}, otherYear(deadline.due)) : null, el("small", { class: deadline.overdue ? "bad" : null }, daysLeft(deadline)[2])),
      el(`i.b.now${deadline.overdue ? ".bad" : ""}`),
      el("div.c", {}, el("b", {}, this.duty(deadline)), "　", why));
  }

  /** @param {any} deadline */
  duty(deadline) {
    if (deadline.organization_id === null) return `信访人可以${deadline.name}，最后一天`;
    const unit = this.found.assignments.find((/** @type {any} */ one) => one.organization_id === deadline.organization_id);
    if (deadline.rule === ANSWERING) return `${unit?.unit || ""}应当回复督办`;
    if (deadline.rule !== OBJECTING) return `应当${deadline.name.endsWith("意见") ? "出" : ""}${deadline.name}`;
    return `${unit?.unit || "办理单位"}可以提出异议，最后一天`;
  }

  /** @param {any} event */
  event(event) {
    const [first, ...rest] = event.details;
    const about = event.kind === "assign" ? "" : first || "";
    const who = [event.author, event.unit && event.unit !== about ? `（${event.unit}）` : ""].join("");
    const words = event.kind === "assign" ? `：${event.why}` : event.why && !NAMED[event.kind] && event.why.length <= 40 ? `：${event.why}` : "";
    const said = words ? "" : event.why;
    const title = about && event.about.includes("units") ? `${about}　${event.what}${words}` : `${event.what}${event.kind === "registered" ? ` ${event.why}` : words}`;
    const facts = about && event.about.includes("units") ? rest : event.details;
    return el("li", {},
      moment(event.at), el(`i.b.on${TROUBLE.has(event.kind) ? ".bad" : ""}`),
      el("div.c", {}, el("b", {}, title), el("p", {}, [event.kind === "registered" ? "" : said, facts.join("，"), who].filter(Boolean).join("　"))));
  }
}
