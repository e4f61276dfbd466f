// Like matters: while one is typed, beside a record that is not filed yet, and on the case page, where a person decides
// what they are to each other.  Each place is one element; the module fills whichever of them the page has.

import { api } from "/static/js/api.js";
import { el, icon } from "/static/js/dom.js";
import { ask, attempt, toast } from "/static/js/desk/ask.js";

const TYPING_MS = 600;
/** A record's page has more urgent things to fetch first. */
const RECORD_MS = 2500;
const LEAST_WORDS = 8;
/** So many stand open on the page of a case, where letters and persons are below them. */
const FIRST = 3;
const PERSON = ["name", "phone", "id_number", "address"];
const MATTER = ["title", "statement", "place", "category"];
const WORDS = /** @type {Object<string, string>} */ ({ repeat: "登记为重复", merge: "并到那一件", guide_back: "引导回原渠道" });
const EXPLAIN = /** @type {Object<string, string>} */ ({
  repeat: "登记以后，这件算重复信访，照样办、照样有期限。登记错了可以撤回。",
  merge: "并过去以后，这件不再单独办，期限停下，交办的单位收回；那一件照它自己的期限办。并错了可以分回来，只要那一件还没往下办。",
  guide_back: "前一件还在办，这件就到这里，请信访人等前一件的结果。弄错了可以撤回。",
  unmerge: "分回来以后，状态、期限、交办的单位都和并之前一样。",
  unguide_back: "撤回以后，这件照原来的办，期限照原来的算。",
  unsplit: "合回去以后，这件不再单独办。",
  unrepeat: "撤回以后，这件不再算重复信访。",
});

/** One line of the list. @param {any} hit @param {(Node|null)[]} buttons */
function hitView(hit, buttons = []) {
  const tone = hit.strength === "strong" ? "warn" : hit.strength === "middle" ? "accent" : "line";
  return el("li.alike-hit", {},
    el("div.row.wrap.g2", {}, el(`span.badge.${tone}`, {}, hit.strength_words), el("a.case-no", { href: `/cases/${hit.case_id}`, target: "_blank" }, hit.title)),
    el("p.small.soft", {}, [hit.case_no, hit.petitioner, day(hit.received_on), hit.channel, hit.state, hit.unit || hit.organization].filter(Boolean).join("　")),
    el("ul.alike-why", {}, ...hit.reasons.map((/** @type {string} */ words) => el("li", {}, words))),
    buttons.length ? el("div.row.wrap.g2", {}, ...buttons) : null);
}

/** @param {string} date ISO */
function day(date) {
  const [year, month, number] = date.split("-").map(Number);
  return `${year}年${month}月${number}日收到`;
}

// --- while a matter is typed -------------------------------------------------------------------------------------

/** Shows in `section` what is like the matter in `form`, whose fields bear the names of NewMatter (protocol/flow.py).
 * @param {HTMLFormElement} form @param {HTMLElement} section */
export function watchForm(form, section) {
  let timer = 0, asked = 0, last = "";
  const look = async () => {
    const wanted = typed(form);
    const key = JSON.stringify(wanted);
    if (key === last) return;
    last = key;
    const number = ++asked;
    const found = enough(wanted) ? await api("POST", "/api/alike", wanted).catch(() => null) : { alike: [] };
    if (number !== asked) return;
    if (found) showTyped(section, found.alike);
    else last = "";
  };
  const later = () => { clearTimeout(timer); timer = setTimeout(look, TYPING_MS); };
  for (const kind of ["input", "change", "reset"]) form.addEventListener(kind, later);
  later();
}

/** @param {HTMLFormElement} form */
function typed(form) {
  const data = new FormData(form);
  const value = (/** @type {string} */ name) => String(data.get(name) || "").trim();
  const person = Object.fromEntries(PERSON.map((name) => [name, value(name)]).filter(([, said]) => said));
  return { persons: Object.keys(person).length ? [person] : [], ...Object.fromEntries(MATTER.map((name) => [name, value(name)]).filter(([, said]) => said)) };
}

/** @param {any} wanted */
function enough(wanted) {
  const person = wanted.persons[0] || {};
  return (person.phone || "").length >= 7 || (person.id_number || "").length >= 6 || (person.name && person.address) || (wanted.statement || "").length >= LEAST_WORDS;
}

/** @param {HTMLElement} section @param {any[]} hits */
function showTyped(section, hits) {
  if (!hits.length) return section.replaceChildren();
  section.replaceChildren(el("div.panel", {}, el("header", {}, el("h2", {}, `以前有 ${hits.length} 件像的`)),
    el("div.in.stack.g2", {}, el("p.small.soft", {}, "像不像，请您点开看了再定。登记以后，在新登记的这一件的页面上，可以登记为重复、并过去，或者引导回原渠道。"), el("ul.alike-list", {}, ...hits.map((hit) => hitView(hit))))));
}

// --- beside a record ---------------------------------------------------------------------------------------------

/** @param {HTMLDetailsElement} details @param {string} recordId */
export async function mountRecord(details, recordId) {
  const { alike: hits } = await api("GET", `/api/records/${recordId}/alike`).catch(() => ({ alike: [] }));
  details.hidden = !hits.length;
  details.replaceChildren(el("summary", {}, icon("papers"), `以前有 ${hits.length} 件像的`), el("ul.alike-list", {}, ...hits.map((/** @type {any} */ hit) => hitView(hit))));
}

// --- on the case page --------------------------------------------------------------------------------------------

/** The panel of one case. */
export class AlikePanel {
  /** @param {HTMLElement} root @param {string} caseId @param {boolean} looks whoever only handles a matter is not shown like ones */
  constructor(root, caseId, looks) {
    this.looks = looks;
    this.root = root;
    this.path = `/api/cases/${caseId}`;
    /** @type {any} */
    this.links = null;
    /** @type {any[]} */
    this.hits = [];
  }

  async load() {
    const [links, found] = await Promise.all([
      api("GET", `${this.path}/links`), this.looks ? api("GET", `${this.path}/alike`).catch(() => ({ alike: [] })) : { alike: [] },
    ]);
    this.links = links;
    this.hits = found.alike;
    this.show();
  }

  /** A step was taken on this page: what may be decided now goes by what the matter has become. @param {number} version */
  follow(version) {
    if (this.links && this.links.version !== version) this.load().catch(() => null);
  }

  show() {
    const { linked, may_split: maySplit, may_undo: mayUndo, group } = this.links;
    const known = new Set(linked.map((/** @type {any} */ one) => one.case_id));
    const fresh = this.hits.filter((hit) => !known.has(hit.case_id));
    const deeds = [
      ...mayUndo.map(([deed, words]) => this.button(words, () => this.decide(deed, words, null))),
      maySplit ? this.button("拆成两件", () => this.split()) : null,
    ].filter(Boolean);
    showRepeats(this.links.repeat, linked.filter((/** @type {any} */ one) => one.how === "repeat_of"));
    const empty = !linked.length && !fresh.length && !deeds.length && !group && !this.links.may_group;
    this.root.hidden = empty;
    this.root.replaceChildren(el("header", {}, el("h2", {}, "重复和相像的")), el("div.in.stack.g3", {},
      this.groupLine(), linked.length ? el("ul.alike-list", {}, ...linked.map((/** @type {any} */ one) => linkedView(one, this.buttonsOfEarlier(one)))) : null,
      this.links.more ? el("p.small.soft", {}, "还有更多，这里先列这些。") : null,
      fresh.length ? el("h3", {}, "看着像的，是不是一回事由您定") : null,
      fresh.length ? el("ul.alike-list", {}, ...fresh.slice(0, FIRST).map((hit) => hitView(hit, this.buttonsOf(hit)))) : el("p.small.soft", {}, linked.length ? "没有别的像的。" : "没有找到像的。"),
      fresh.length > FIRST ? el("details.alike-rest", {}, el("summary", {}, `还有 ${fresh.length - FIRST} 件像的`), el("ul.alike-list", {}, ...fresh.slice(FIRST).map((hit) => hitView(hit, this.buttonsOf(hit))))) : null,
      deeds.length ? el("div.row.wrap.g2.alike-own", {}, ...deeds) : null));
  }

  /** @param {string} words @param {() => void} act */
  button(words, act) {
    const button = el("button.btn.small", { type: "button" }, words);
    button.addEventListener("click", act);
    return button;
  }

  /** @param {any} hit */
  buttonsOf(hit) {
    const deeds = hit.may.map((/** @type {string} */ deed) => this.button(WORDS[deed], () => this.decide(deed, WORDS[deed], hit)));
    const { group } = this.links;
    return group && !group.closed && hit.may_group ? [...deeds, this.button(`也归到“${group.name}”`, () => this.intoGroup(group.id, hit))] : deeds;
  }

  /** What it repeats may be decided further: it is guided back to that, or goes on there. @param {any} one */
  buttonsOfEarlier(one) {
    const hit = one.how === "repeat_of" ? this.hits.find((found) => found.case_id === one.case_id) : null;
    return hit ? this.buttonsOf(hit) : [];
  }

  groupLine() {
    const { group, may_group: mayGroup } = this.links;
    if (group) return el("p", {}, el("span.badge.accent", {}, "类案"), " ", el("a", { href: `/groups/${group.id}` }, group.name));
    return mayGroup ? el("div.row", {}, this.button("归到类案", () => this.chooseGroup())) : null;
  }

  /** @param {string} deed @param {string} words @param {any} hit */
  async decide(deed, words, hit) {
    const moving = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox", id: "alike-move" }));
    const body = [hit ? el("p", {}, el("b", {}, hit.title), el("br"), el("span.num", {}, hit.case_no)) : null, el("p.soft", {}, EXPLAIN[deed] || ""),
      deed === "merge" ? el("label.check", {}, moving, "这件交给的单位，那一件没有的，转过去协办") : null];
    await this.send(words, body, (reason) => this.post(deed, { reason, other_id: hit?.case_id ?? null, other_version: hit?.version ?? null, move_units: moving.checked }));
  }

  async split() {
    const title = field("split-title", "拆出来的是什么事，一句话", el("input.input", { id: "split-title", maxlength: 60 }));
    const statement = field("split-statement", "这件事的内容", el("textarea.input", { id: "split-statement", rows: 6, maxlength: 50000 }));
    const place = field("split-place", "问题发生地，和原来一样就空着", el("input.input", { id: "split-place", maxlength: 200 }));
    await this.send("拆成两件", [el("p.soft", {}, "拆出来的另有编号，期限从原来收到的那天算。原来那一件照旧办。"), title.box, statement.box, place.box],
      (reason) => this.post("split", { reason, title: title.value(), statement: statement.value(), place: place.value() }), (answer) => { location.href = `/cases/${answer.case_id}`; });
  }

  /** @param {string} deed @param {any} order */
  post(deed, order) {
    return api("POST", `${this.path}/links/${deed}`, { version: this.links.version, ...order });
  }

  /** Asks for the reason until it is sent.
   * @param {string} title @param {any[]} body @param {(reason: string) => Promise<any>} act @param {(answer: any) => void} [after] */
  async send(title, body, act, after = () => location.reload()) {
    const reason = field("alike-reason", "为什么", el("textarea.input", { id: "alike-reason", rows: 2, maxlength: 500 }));
    /** @type {any} */
    let done = null;
    const answer = await ask({
      title, wide: true, body: [...body.filter(Boolean), reason.box],
      buttons: [{ value: "yes", words: title, kind: "primary" }, { value: "", words: "先不" }],
      ready: (dialog) => /** @type {HTMLElement | null} */ (dialog.querySelector(".input"))?.focus(),
      keep: { what: `${this.path} ${title}` },
      act: async () => {
        if (!reason.value()) return "请写一句为什么，记在经过里。";
        return attempt(async () => { done = await act(reason.value()); }, () => this.load().catch(() => null));
      },
    });
    if (!answer) return;
    toast("办好了");
    after(done);
  }

  async chooseGroup() {
    const choice = /** @type {HTMLSelectElement} */ (el("select.input", { id: "alike-group" }, ...this.links.groups.map((/** @type {any} */ one) => el("option", { value: one.id }, one.name)), el("option", { value: "" }, "新建一个")));
    const name = field("alike-group-name", "新类案的名字", el("input.input", { id: "alike-group-name", maxlength: 60 }));
    const showName = () => { name.box.hidden = choice.value !== ""; };
    choice.addEventListener("change", showName);
    showName();
    const caseId = Number(this.path.split("/").pop());
    await this.send("归到类案", [el("div.field", {}, el("label", { for: "alike-group" }, "哪一个类案"), choice), name.box], (reason) => choice.value
      ? api("POST", `/api/groups/${choice.value}/cases`, { case_id: caseId, version: this.links.version, reason })
      : api("POST", "/api/groups", { name: name.value(), reason, case_ids: [caseId] }));
  }

  /** @param {number} groupId @param {any} hit */
  async intoGroup(groupId, hit) {
    await this.send("归到类案", [el("p", {}, el("b", {}, hit.title))], (reason) => api("POST", `/api/groups/${groupId}/cases`, { case_id: hit.case_id, version: hit.version, reason }));
  }
}

/** The badge beside the title: that the matter came before, why somebody said so, and the earlier one. @param {boolean} repeat @param {any[]} earlier */
function showRepeats(repeat, earlier) {
  const badge = document.getElementById("repeat-of");
  if (!badge) return;
  badge.hidden = !repeat;
  const why = earlier.find((one) => one.why)?.why;
  badge.replaceChildren(el("summary.badge.warn", {}, icon("undo"), "重复", icon("down")), el("div.menu.stack.g2", {},
    why ? el("p", {}, el("b", {}, "为什么算重复："), why) : null,
    earlier.length ? null : el("p.soft", {}, "前一件不归您的账号看。"),
    ...earlier.map((one) => el("p", {}, el("a.case-no", { href: `/cases/${one.case_id}` }, one.title), el("span.small.soft.block", {}, [one.case_no, day(one.received_on), one.state].join("　"))))));
}

/** @param {any} one @param {HTMLElement[]} buttons what may still be decided about it */
function linkedView(one, buttons) {
  return el("li.alike-hit", {}, el("div.row.wrap.g2", {}, el("span.badge.line", {}, one.words), el("a.case-no", { href: `/cases/${one.case_id}` }, one.title)),
    el("p.small.soft", {}, [one.case_no, day(one.received_on), one.state].join("　")),
    buttons.length ? el("div.row.wrap.g2", {}, ...buttons) : null);
}

/** @param {string} id @param {string} words @param {HTMLElement} input */
function field(id, words, input) {
  const typedIn = /** @type {HTMLInputElement} */ (input);
  return { box: el("div.field", {}, el("label", { for: id }, words), input), value: () => typedIn.value.trim() };
}

// --- filling what the page has -----------------------------------------------------------------------------------

const matter = document.getElementById("case"), panel = document.getElementById("alike-panel");
if (matter && panel) {
  const own = new AlikePanel(panel, matter.dataset.case || "", matter.dataset.role !== "handler");
  own.load().catch(() => { panel.hidden = true; });
  matter.addEventListener("shown", (event) => own.follow(/** @type {CustomEvent} */ (event).detail));
}
const desk = document.getElementById("desk"), beside = document.getElementById("alike-record");
if (desk && beside) setTimeout(() => mountRecord(/** @type {HTMLDetailsElement} */ (beside), desk.dataset.record || ""), RECORD_MS);
const form = document.getElementById("form"), section = document.getElementById("alike");
if (form instanceof HTMLFormElement && section) watchForm(form, section);
