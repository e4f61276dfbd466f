// After the talk: wait for the draft, then lead to it.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { Commitments } from "/static/js/leader/commitments.js";
import { inWords } from "/static/js/time.js";

const EVERY_MS = 2000;
/** Title, how the record stands, and what it is called. */
const DRAFT = ["谈完了，草稿好了", "笔录草稿出好了，接谈员会对着录音校对，校对完请群众看过签字。", "看笔录草稿"];
/** The same of a record that nobody corrects any more; whoever opens the page later must not read of a draft. @type {Record<string, string[]>} */
const STANDS = {
  confirmed: ["谈完了", "笔录校对好了，已经交给群众看。", "看笔录"], signed: ["谈完了", "群众已经在笔录上签字。", "看笔录"],
  refused: ["谈完了", "群众没有签字，原因记在笔录上。", "看笔录"], filed: ["谈完了", "笔录已经归档。", "看笔录"],
};

export class After {
  /** @param {string} receptionId */
  constructor(receptionId) {
    this.id = receptionId;
    this.path = `/api/receptions/${receptionId}`;
  }

  /** @param {any} reception as known, null: ask @param {() => void} show */
  async begin(reception, show) {
    this.words("正在收好录音录像，出笔录草稿，一般几秒钟就好。您可以先去谈下一位，草稿不会丢。");
    if (reception) this.draw(reception);
    show();
    const readsPromises = !reception || reception.mine || document.documentElement.dataset.role === "clerk";
    if (readsPromises) void new Commitments(this.id).begin();
    while (!(await this.settled())) await new Promise((resume) => setTimeout(resume, EVERY_MS));
  }

  async settled() {
    try {
      return this.draw(await api("GET", this.path));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== "offline") this.words(error.message);
      else this.words("网断了。录音录像在机房里，草稿照常出，网一通这里就知道。");
      return error.status >= 400 && error.status < 500;
    }
  }

  /** @param {any} reception @returns {boolean} whether nothing more will change */
  draw(reception) {
    if (reception.state === "abandoned") return this.abandoned();
    const talked = reception.started_at && reception.ended_at
      ? `谈了 ${inWords((new Date(reception.ended_at).getTime() - new Date(reception.started_at).getTime()) / 1000)}。` : "";
    if (!reception.record_id) return reception.state === "closed" && this.silent();
    const [title, stands, paper] = STANDS[reception.record_state] || DRAFT;
    this.words(`${talked}${stands}`);
    byId("after-title").textContent = title;
    if (!document.getElementById("to-record")) {
      byId("after-actions").prepend(el("a.btn.primary", { href: `/desk/${reception.record_id}`, id: "to-record" }, icon("paper"), paper));
    }
    return true;
  }

  abandoned() {
    byId("after-title").textContent = "这场没有谈成";
    this.words("群众没有等到开始就离开了，没有录音，也没有笔录。");
    return true;
  }

  silent() {
    this.words("双方没有同时接通过，所以没有录音，也没有笔录。");
    return true;
  }

  /** @param {string} words */
  words(words) {
    byId("after-words").textContent = words;
  }
}
