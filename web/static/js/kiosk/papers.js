// Papers under the document camera: seen live with their outline, photographed by a touch or by themselves when they lie
// still, looked at, put in order and handed to the leader (server/protocol/papers.md).  It lies over the screen that is up,
// so that a talk goes on underneath; without the kiosk's own program there are no papers.
import { ApiError } from "/static/js/api.js";
import { byId, el, icon } from "/static/js/dom.js";
import { ask } from "./door.js";
import { PaperCamera } from "./paper_camera.js";
import { PaperSheets } from "./paper_sheets.js";
import { giveFocus } from "./screen.js";
import * as voice from "./voice.js";

const LOOK_MS = 350;
const AGAIN_MS = 1500;
const FOLLOW_MS = 1000;
/** So many looks in a row at which the paper lay still: then it is photographed. */
const STILL_LOOKS = 4;
/** Of width and height: how far a corner of a paper that lies still seems to move. */
const STILL = 0.012;
/** A corner that moved so far belongs to another paper, or to one that was turned. */
const MOVED = 0.06;
const CHECKS = { corners: ["no_page", "cut_off"], size: ["too_small"], glare: ["glare"] };
const CHECK_WORDS = { corners: ["四个角都在", "四个角没露全"], size: ["大小合适", "纸太小了"], glare: ["没有反光", "有反光"] };

/** @typedef {[number, number][]} Corners */
/** @typedef {{faults: {code: string, words: string}[], corners: Corners, page: string}} Look */

/** How far the corner moved that moved most. @param {Corners} one @param {Corners} other */
function moved(one, other) {
  if (one.length !== other.length) return 1;
  return Math.max(...one.map(([x, y], n) => Math.max(Math.abs(x - other[n][0]), Math.abs(y - other[n][1]))));
}

/**
 * Opens the papers over the present screen.
 * @param {any} app
 * @param {{reception: string, own: MediaStream | null, position?: () => number, leader?: MediaStream | null,
 *   show?: (track: MediaStreamTrack | null) => void, closed: () => void}} at `show`: the live picture goes to the leader, too
 */
export function openPapers(app, at) {
  const panel = new Papers(app, at);
  panel.begin();
  return panel;
}

class Papers {
  /** @param {any} app @param {any} at */
  constructor(app, at) {
    this.app = app;
    this.at = at;
    const template = /** @type {HTMLTemplateElement} */ (byId("panel-papers"));
    this.root = /** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (template.content.cloneNode(true)).firstElementChild);
    this.camera = new PaperCamera(this.part("live"));
    this.sheets = new PaperSheets(app, at.reception, this.part("sheets"), () => this.draw());
    /** @type {Corners} */
    this.last = [];
    this.still = 0;
    /** The corners of the paper that was photographed last: the same is not taken twice by itself. @type {Corners} */
    this.taken = [];
    this.taking = false;
    this.looking = 0;
    this.following = 0;
    /** The straightened page that waits for a yes. */
    this.page = "";
    /** It is the whole photograph: no page was found in it. */
    this.whole = false;
    /** The last one could not be straightened. */
    this.refused = false;
    this.over = false;
    for (const [name, act] of Object.entries({ take: () => this.take(false), keep: () => this.keep(), again: () => this.back(), send: () => this.send(), done: () => this.leave() })) {
      this.key(name).addEventListener("click", act);
    }
    this.before = app.shown;
    this.mine = app.shown = Object.create(this.before, { back: { value: () => this.leave() }, speak: { value: undefined }, speech: { get: () => [this.page ? "papers-page" : "papers"] } }); // whatever else the screen below says, as it is then
    this.below = [...byId("main").children]; // nobody comes to a key that they cannot see
    this.from = /** @type {HTMLElement | null} */ (document.activeElement);
    this.cover(true);
    byId("main").append(this.root);
    giveFocus([this.root]);
  }

  /** @param {string} name @returns {any} */
  part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  /** @param {string} name @returns {HTMLButtonElement} */
  key(name) {
    return /** @type {HTMLButtonElement} */ (this.root.querySelector(`[data-do="${name}"]`));
  }

  async begin() {
    const leader = this.part("leader");
    leader.hidden = !this.at.leader;
    leader.srcObject = this.at.leader || null;
    if (this.at.leader) leader.play().catch(() => {});
    this.part("seen").hidden = !this.at.show;
    this.draw();
    if (!this.at.position) voice.speak("papers"); // nothing is spoken into a talk
    this.sheets.refresh().catch((error) => this.trouble(error));
    try {
      const track = await this.camera.open(this.at.own);
      if (this.over) return this.camera.close();
      track.addEventListener("ended", () => this.unplugged());
      this.at.show?.(track);
    } catch {
      if (!this.over) this.app.toast("看材料的摄像头打不开，请叫工作人员。");
      return this.close();
    }
    return this.look();
  }

  unplugged() {
    if (this.over) return;
    this.app.toast("看材料的摄像头断开了，领导现在看不见材料。请叫工作人员看看插头。");
    this.close();
  }

  /** The leader does not see the live picture any more; what is photographed still reaches them. */
  unseen() {
    this.part("seen").hidden = true;
  }

  // --- looking ----------------------------------------------------------------------------------------------------

  /** Never more than one question at a time: the next look waits for the answer. */
  async look() {
    clearTimeout(this.looking);
    if (this.over) return;
    let wait = LOOK_MS;
    if (!this.page && !this.taking) {
      try {
        const jpeg = await this.camera.small();
        if (jpeg) this.seen(await ask({ type: "paper", jpeg, straighten: false }));
      } catch (error) {
        this.trouble(error);
        wait = AGAIN_MS;
      }
    }
    if (!this.over) this.looking = window.setTimeout(() => this.look(), wait);
  }

  /** @param {Look} look */
  seen(look) {
    if (this.over || this.page || this.taking || !look.corners) return;
    const { corners, faults } = look;
    this.still = corners.length && moved(corners, this.last) < STILL ? this.still + 1 : 0;
    this.last = corners;
    if (!corners.length || moved(corners, this.taken) > MOVED) this.taken = [];
    this.outline(corners, !faults.length);
    for (const [name, codes] of Object.entries(CHECKS)) this.check(name, !faults.some(({ code }) => codes.includes(code)), Boolean(corners.length) || name === "corners");
    this.advise(faults[0]?.words || (this.taken.length ? "这一张拍过了，换下一张。" : this.still ? "别动，马上拍下。" : "拍歪了不要紧，会自动摆正。"));
    if (!faults.length && !this.taken.length && this.still >= STILL_LOOKS) this.take(true);
  }

  /** @param {Corners} corners @param {boolean} good */
  outline(corners, good) {
    const shape = this.part("outline");
    const { width, height } = this.camera.size();
    shape.closest("svg").setAttribute("viewBox", `0 0 ${width} ${height}`);
    shape.setAttribute("points", corners.map(([x, y]) => `${x * width},${y * height}`).join(" "));
    shape.toggleAttribute("data-good", good);
  }

  /** @param {string} name @param {boolean} good @param {boolean} known */
  check(name, good, known) {
    const place = this.part(`check-${name}`);
    const words = CHECK_WORDS[/** @type {"corners" | "size" | "glare"} */ (name)][good ? 0 : 1];
    place.hidden = !known;
    if (place.dataset.words === words) return;
    place.dataset.words = words;
    place.className = good ? "ok" : "warn";
    place.replaceChildren(icon(good ? "okc" : "alert"), words);
  }

  /** @param {string} words */
  advise(words) {
    const place = this.part("advice");
    if (place.textContent !== words) place.textContent = words;
  }

  /** @param {unknown} error */
  trouble(error) {
    if (!(error instanceof ApiError)) throw error;
    this.advise(error.code !== "no_agent" ? error.message : this.at.show ? "材料放在摄像头下面，领导看得见。要留下来，请交给工作人员。" : "这台机器不能拍材料，请交给工作人员。");
  }

  // --- photographing ----------------------------------------------------------------------------------------------

  /** @param {boolean} itself */
  async take(itself) {
    if (this.taking || this.over) return;
    this.taking = true;
    this.draw();
    try {
      const whole = !itself && this.refused ? { whole: true } : {};
      const look = await ask({ type: "paper", jpeg: await this.camera.large(), straighten: true, ...whole });
      if (this.over) return;
      if (look.page) {
        [this.page, this.whole, this.refused] = [look.page, look.faults.length > 0, false];
        this.taken = look.corners;
        if (!this.at.position) voice.speak("tick", "papers-page");
      } else if (!itself || !look.faults) {
        this.refuse(look);
      }
      this.still = 0;
    } catch (error) {
      this.trouble(error);
    } finally {
      this.taking = false;
      if (!this.over) this.draw();
    }
  }

  /** @param {any} look */
  refuse(look) {
    const { words = "" } = look.faults?.[0] || {};
    this.refused = Boolean(look.readable);
    this.app.toast(this.refused ? `${words}还是不行，就再按一次“拍下这一张”，留下整张照片。` : words || look.message || "没有拍好，请再拍一次。");
  }

  /** The page is thrown away; nothing of it was kept. */
  back() {
    this.page = "";
    this.taken = [];
    this.still = 0;
    this.draw();
  }

  async keep() {
    if (!this.page || this.taking) return;
    this.taking = true;
    try {
      if (await this.sheets.keep(this.page)) this.page = "";
    } catch (error) {
      this.trouble(error);
    } finally {
      this.taking = false;
      if (!this.over) this.draw();
    }
  }

  // --- handing over -----------------------------------------------------------------------------------------------

  async send() {
    const position = this.at.position?.();
    try {
      await this.sheets.send(Number.isFinite(position) ? Math.max(0, /** @type {number} */ (position)) : null);
      this.follow();
    } catch (error) {
      this.trouble(error);
    }
  }

  /** Until the office has them. */
  async follow() {
    clearTimeout(this.following);
    await this.sheets.refresh().catch(() => undefined);
    if (!this.over && this.sheets.waiting) this.following = window.setTimeout(() => this.follow(), FOLLOW_MS);
  }

  /** Pages that nobody was given are not left behind without a word. */
  async leave() {
    if (this.over) return;
    if (this.sheets.count) {
      const give = await this.app.ask({ title: `有 ${this.sheets.count} 张还没有交给领导看`, text: "先放着也行，等一会儿还能接着拍、接着交。您走的时候没有交的，这台机器会删掉。", yes: "现在交", no: "先放着" });
      if (this.over) return;
      if (give) await this.send();
    }
    this.close();
  }

  draw() {
    const page = this.part("page");
    page.hidden = !this.page;
    page.alt = this.whole ? "刚拍下的一张，整张照片" : "刚拍下的一张，摆正以后";
    this.part("legible").textContent = this.whole ? "没有找到纸的四个角，这是整张照片。字看得清就留下。" : "字看得清吗？看得清就留下。";
    if (this.page) page.src = `data:image/jpeg;base64,${this.page}`;
    this.part("outline").closest("svg").toggleAttribute("hidden", Boolean(this.page));
    this.root.toggleAttribute("data-page", Boolean(this.page));
    this.part("number").textContent = `第 ${this.sheets.count + 1} 张`;
    this.key("take").disabled = this.taking;
    this.part("take-words").textContent = this.taking ? "正在拍" : "拍下这一张";
    this.key("send").disabled = !this.sheets.count;
    this.part("send-words").textContent = this.sheets.count ? `交给领导看（${this.sheets.count} 张）` : "还没有拍下的";
    this.part("done-words").textContent = this.at.position ? "拍完了，接着谈" : "拍完了";
    const told = this.part("told");
    told.replaceChildren(...this.told());
  }

  told() {
    const { arrived, waiting, count } = this.sheets;
    if (waiting) return [el("p", {}, `正在送 ${waiting} 张。线路断了也不要紧，接上以后自己接着送。`)];
    if (arrived && !count) return [el("p", {}, "领导已经看得到 ", el("b.num", {}, String(arrived)), " 张。"), el("p.small.mute", {}, "给看的材料会写进记录，写明是几点给看的。")];
    return count || this.page ? [] : [el("p", {}, el("b", {}, "把纸放平，灯别照着。"), "放稳了会自己拍。"), el("p.small.mute", {}, "拍下的先给您看，您按了“交给领导看”才送出去。")];
  }

  /** @param {boolean} covered whether the screen below is out of reach */
  cover(covered) {
    for (const one of this.below) one.toggleAttribute("inert", covered);
  }

  close() {
    if (this.over) return;
    this.over = true;
    this.cover(false);
    clearTimeout(this.looking);
    clearTimeout(this.following);
    this.at.show?.(null);
    this.camera.close();
    this.root.remove();
    this.from?.focus({ preventScroll: true });
    if (this.app.shown === this.mine) this.app.shown = this.before;
    this.at.closed();
  }
}

/** The person goes: what was not handed over is deleted; where there is no program there is nothing. */
export async function forgetPapers() {
  try {
    await ask({ type: "forget_papers" });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}
