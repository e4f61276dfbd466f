import { byId, el } from "/static/js/dom.js";
import { chineseDay } from "/static/js/time.js";
import { resetLooks } from "../looks.js";
import { printerTrouble } from "../printer.js";
import { Screen, spaced } from "../screen.js";
import * as voice from "../voice.js";

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

/** @param {any} app */
export function slip(app) {
  const screen = new Screen("slip");
  const update = (/** @type {any} */ sitting) => {
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
  };
  const done = async () => {
    const sure = await app.ask({ title: "查询码记下了吗？", text: "按“记下了”以后，这台机器不再显示您的内容。", yes: "记下了", no: "再看看" });
    if (!sure) return;
    resetLooks();
    await app.leave();
  };
  const print = async () => {
    const trouble = await printerTrouble();
    if (trouble) app.toast(`${trouble}查询码也可以抄下来，或者拍一张照。`);
    else window.print();
  };
  screen.on({ print, done });
  update(app.sitting);
  voice.speak("slip");
  return { speech: ["slip"], back: "已经办好了，看完请按“完成”。", update, personal: true };
}
