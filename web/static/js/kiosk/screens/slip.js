// The slip, on the screen and on paper, and after it one question: how was the talk?
import { byId, el } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { resetLooks } from "../looks.js";
import { showPhone } from "../place.js";
import { printRecord, printSlip, printsPaper, printsSlips } from "../printer.js";
import { Screen, spaced } from "../screen.js";
import * as voice from "../voice.js";
import { Rating } from "./rating.js";

const PRINTING = "正在打印记录，请稍等…";

/** @param {any} sitting */
function hint(sitting) {
  if (sitting.phone_last4) return `查的时候，还要报手机号后四位：${sitting.phone_last4}`;
  return "没有留手机号：来窗口报查询码，工作人员帮您查";
}

/** Who, what, until when. @param {{unit: string, what: string, due_on: string}} one */
function promise(one) {
  const [, month, day] = one.due_on.split("-").map(Number);
  return el("li", {}, `${one.unit}：${one.what.replace(/[。；，]+$/, "")}。`, el("b.nb", {}, `${month}月${day}日前`));
}

/** What is printed here is offered; where there is no printer there is no key for it. @param {Screen} screen @param {boolean} record */
async function offerPaper(screen, record) {
  const [slips, paper] = await Promise.all([printsSlips(), record && printsPaper()]);
  screen.key("print").hidden = !slips;
  screen.key("record").hidden = !paper;
  screen.part("printing").hidden = !slips && !paper;
}

class Slip {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    /** @type {Rating | null} once it is asked */
    this.rating = null;
    this.screen = new Screen("slip");
    const { screen } = this;
    screen.on({ print: () => printSlip(app), record: () => this.record(), done: () => this.done() });
    showPhone(screen);
    this.update(app.sitting);
    offerPaper(screen, app.sitting.may_print);
    voice.speak("slip");
  }

  get speech() {
    return this.rating ? this.rating.view.speech : ["slip"];
  }

  /** @param {any} sitting */
  update(sitting) {
    if (this.rating) return;
    const { screen } = this;
    screen.fill({
      kiosk: byId("kiosk-name").textContent || "",
      code: spaced(sitting.query_code),
      "code-hint": hint(sitting),
      case: sitting.case_no || "工作人员归档后就有，凭查询码能查到",
      today: chineseDay(new Date()),
      receiver: sitting.receiver,
      next: sitting.next_step,
    });
    screen.part("promises").hidden = !sitting.promises.length;
    screen.part("promise-list").replaceChildren(...sitting.promises.map(promise));
    screen.part("next").hidden = !sitting.next_step;
    screen.part("receiver-label").hidden = !sitting.receiver;
  }

  async record() {
    this.app.toast(PRINTING);
    await this.app.try(printRecord, (/** @type {string} */ words) => this.app.toast(words), PRINTING);
  }

  async done() {
    const sure = await this.app.ask({ title: "查询码记下了吗？", text: "按“记下了”以后，这台机器不再显示您的内容。", yes: "记下了", no: "再看看" });
    if (!sure) return;
    if (this.app.sitting?.may_rate) this.rating = new Rating(this.app, () => this.leave());
    else await this.leave();
  }

  async leave() {
    resetLooks();
    await this.app.leave();
  }
}

/** @param {any} app */
export function slip(app) {
  const shown = new Slip(app);
  return {
    get speech() { return shown.speech; }, get back() { return shown.rating ? shown.rating.view.back : "已经办好了，看完请按“完成”。"; },
    update: (/** @type {any} */ sitting) => shown.update(sitting), close: () => shown.rating?.close(), personal: true,
  };
}
