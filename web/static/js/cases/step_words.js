// What the dialog of each step says: the labels of its fields, usual answers, and what the step brings about.

/** @type {Object<string, Object<string, string>>} field → step → label; "": any other step */
export const LABELS = {
  reason: {
    "": "原因", guide: "补充几句", feed_back: "反馈什么", ask_extension: "为什么要延", begin_pause: "为什么停算", begin_mediation: "为什么适合调解", object: "为什么不归本单位办",
    to_ordinary: "为什么不能简易办理", send_back: "为什么退回，还缺什么", withdraw: "为什么收回", uphold_objection: "为什么同意", reject_objection: "为什么不同意", refuse_extension: "为什么不批准", not_accept: "为什么不予受理", no_longer_accept: "为什么不再受理",
    request_review: "过了期限才申请的，写有什么正当理由", request_reexamination: "过了期限才申请的，写有什么正当理由",
    refuse_review: "具体情形，写进告知书", refuse_reexamination: "具体情形，写进告知书", handle_anew: "意见书要求怎么重新办",
  },
  outcome: { "": "结果", follow_up: "回访的结果", improve: "整改了什么", end_pause: "听证、调解、补正得怎样", end_mediation: "谈成了什么，或者为什么没有谈成", contact: "信访人怎么说", explain: "信访人听了怎么说", conclude: "办结的话" },
  how: { "": "怎么办的", begin_mediation: "信访人怎么同意的", contact: "怎么联系的", explain: "怎么讲的", deliver: "怎么送的", invite_rating: "怎么请他评价的" },
  day: { "": "哪一天", deliver: "哪天送到的", explain: "哪天讲的", request_review: "哪天收到申请", request_reexamination: "哪天收到申请", refuse_review: "哪天收到申请", refuse_reexamination: "哪天收到申请", begin_mediation: "哪天转的", end_mediation: "哪天结束的", begin_pause: "从哪天停起", end_pause: "停到哪天" },
  place: { "": "问题发生地" },
  accused_unit: { "": "被反映单位" },
  by_whom: { "": "是别人讲的，写上是谁", begin_mediation: "谁来调解（调解组织、调解员）", refuse_review: "不是本人申请的，申请的人是谁", refuse_reexamination: "不是本人申请的，申请的人是谁" },
};

/** @type {Object<string, string[]>} */
export const USUAL = {
  contact: ["电话", "当面", "上门"],
  deliver: ["当面送达", "邮寄", "留置送达", "电子送达"],
  explain: ["请到接谈室当面讲", "上门讲", "电话里讲", "视频里讲"],
  invite_rating: ["短信", "电话", "当面"],
  begin_mediation: ["信访人签了同意书", "信访人当面同意", "信访人电话里同意"],
};

/** What petitioners usually say. @type {Object<string, string[]>} */
export const ANSWERS = {
  explain: ["听明白了，认可", "听明白了，不认可，要申请复查", "没有听明白，要再讲一次"],
};

/** {limit}: of the offer. @type {Object<string, string>} */
export const EXPLAIN = {
  screen: "分清信访目的和内容类别。涉法涉诉的，下一步引导到法定途径。",
  guide: "这件事归法院、检察院或者别的法定程序管，告诉他去哪里、依据哪部法。引导以后，这里就不再转办。",
  assign: "主办一个，协办、属地可以有几个。交办要反馈，转送由对方依法办。",
  receive: "签收以后，接着告知信访人受理不受理。",
  object: "收到以后在期限里可以提，由交办的单位定。",
  uphold_objection: "同意的话，这个单位就不管这件事了，要另外交给别的单位。",
  reject_objection: "不同意的话，仍由这个单位办。",
  withdraw: "收回以后，这个单位就看不到这件事了。",
  accept: "受理以后开始算办结的期限，同时出受理告知书，要送到信访人手里。",
  not_accept: "不予受理要写明依据，告诉信访人该走哪条路。",
  no_longer_accept: "已经依法办完、没有新的事实和理由的，不再受理。",
  feed_back: "反馈给交办的单位。答复信访人的，用“出处理意见”。",
  send_back: "退回去重新反馈，写明缺什么。",
  to_ordinary: "事情不简单，简易办理办不好的，改按普通程序办。期限从原来起算的那天重新算。",
  ask_extension: "由单位负责人批准，只能延一次，最多 {limit}。",
  grant_extension: "批准以后期限马上往后算，出延期告知书，把原因告诉信访人。",
  refuse_extension: "不批准的，仍按原来的期限办。",
  begin_pause: "法律允许停的日子不算在期限里，从哪天停、为什么停都会写给信访人看。",
  end_pause: "期限接着算。",
  begin_mediation: "信访人同意，才转入调解。受理以前也可以。期限照算；要停的，转入以后再“停算期限”。",
  end_mediation: "写明结果。期限因为调解停着的，从这天起接着算。谈成了，照协议出处理意见。",
  reply: "书面答复信访人。交办的单位都反馈了才能出。",
  contact: "和信访人联系过一次，就记一次。",
  deliver: "还没有送到的文书，这一次都记上。处理意见书、复查意见书送到的，信访人申请复查、复核的期限从这一天起算。",
  explain: "文书上写的是结论和条文，讲的是道理：为什么这样定，依据是什么，不服还能怎么办。他怎么说，照原话记。",
  invite_rating: "请信访人对信访局和办理单位评价，怎么评由他自己。",
  conclude: "处理意见书已经送到，这件事办结。",
  follow_up: "问信访人落实了没有，照他说的记。",
  improve: "回访里说没有落实的，写怎么补上的。",
  request_review: "信访人不服处理意见，申请复查。收到申请 {limit}里给出复查意见。",
  refuse_review: "过了期限又没有正当理由的，或者不是信访人提的，不受理，出告知书。信访人自己的权利不受影响。",
  review_opinion: "复查意见要送到信访人手里。",
  request_reexamination: "信访人不服复查意见，申请复核。收到申请 {limit}里给出复核意见，听证用的时间不算。",
  refuse_reexamination: "过了期限又没有正当理由的，或者不是信访人提的，不受理，出告知书。信访人自己的权利不受影响。",
  reexamination_opinion: "复核意见要送到信访人手里。",
  handle_anew: "复查、复核撤销了原来的处理意见、要求重新办的，交回主办单位。期限从意见书那天算，单位办好了出新的处理意见书。",
};

/** @param {string} field @param {string} step */
export function labelOf(field, step) {
  return LABELS[field]?.[step] || LABELS[field]?.[""] || field;
}
