// What in the record most needs ears, each place with its kind.  What somebody marked comes first, then where the two
// passes differ (a sentence that only one of them heard among it), then what was not heard well, among that first what a matter hangs on: amounts, dates, names, negations.

import { isKnownName, placeOf } from "/static/js/desk/others.js";
import { doubtWords, isWellHeard, weakPlaces, wordsIn } from "/static/js/desk/words.js";

/** @typedef {"disputed" | "speaker" | "marked" | "added" | "differ" | "amount" | "date" | "name" | "number" | "negation" | "weak" | "doubt"} Kind */
/** @typedef {{from: number, to: number, kind: Kind, weak: boolean, core?: number[]}} Risk offsets in the line's text; core: what
 * was not heard well of it */

/** Glyph and words of a kind. @type {Record<Kind, [string, string]>} */
export const KINDS = {
  disputed: ["群", "群众说不对"],
  speaker: ["谁", "没写谁说的"],
  marked: ["记", "当场打了点"],
  added: ["补", "只有复听听到"],
  differ: ["两", "两遍不一样"],
  amount: ["数", "金额"],
  date: ["数", "日期"],
  name: ["名", "人名地名"],
  number: ["数", "数字"],
  negation: ["否", "否定"],
  weak: ["?", "没听准"],
  doubt: ["?", "机器拿不准"],
};

/** The lower, the sooner: what was not heard well of a kind goes before what was. @type {Record<Kind, [number, number]>} weak, well heard */
const ORDER = { disputed: [0, 0], speaker: [1, 1], marked: [1, 1], added: [2, 2], differ: [2, 2], amount: [3, 6], date: [3, 6], name: [4, 7], number: [4, 7], negation: [4, 8], weak: [5, 5], doubt: [5, 5] };

const FIGURE = "[0-9０-９零〇一二两三四五六七八九十百千万亿半]";
const CHARACTER = "[\\u4e00-\\u9fa5]";
/** What no name of a place or a company has (server/protocol/placenames.py): 去过柳林镇, 住在柳林镇. */
const NO_NAME_HAS = "我你您他她它们的了着在去把被说谁哪那这没给让";
/** What none begins with, but stands before many. */
const NONE_BEGINS = "是叫住就也都还请每各本该个全跟问找家";
const NAME_ENDS = "(?:村|镇|乡|县|组|小区|社区|街道|公司|合作社|派出所|法院|银行)";
const IN_A_NAME = `(?![${NO_NAME_HAS}过到从])${CHARACTER}`;
const COURT = "[省市县区镇乡](?:法院|派出所)";
/** A name may begin with these (从江县), but not where a whole one stands after them (从柳林镇). */
const OFTEN_BEFORE = `(?:[过到从由往离]|老家|和(?!平)|向(?!阳)|来(?![宾安凤]))(?:(?:${IN_A_NAME}){2,4}?${NAME_ENDS}|${COURT})`;
const PLACE = `(?![${NO_NAME_HAS}${NONE_BEGINS}])(?!${OFTEN_BEFORE})${CHARACTER}(?:${IN_A_NAME}){1,3}?${NAME_ENDS}|${COURT}`;
const CONTENT = /** @type {[Kind, RegExp][]} */ ([
  ["amount", new RegExp(`${FIGURE}[0-9０-９零〇一二两三四五六七八九十百千万亿点.,，]*(?:元|块钱?|毛钱?|万元)`, "g")],
  ["date", new RegExp(`(?:${FIGURE}{1,4}年)?${FIGURE}{1,3}月(?:${FIGURE}{1,3}[日号])?|${FIGURE}{2,4}年|${FIGURE}{1,3}[日号](?!楼|院|门)|(?:去|前|今|明|大前)年|(?:上|下)个?(?:月|星期|周)`, "g")],
  ["name", new RegExp(`(?:[老小]?(?![${NO_NAME_HAS}${NONE_BEGINS}过到和向])${CHARACTER})(?:主任|书记|镇长|县长|乡长|局长|科长|所长|经理|老板|队长|村长|师傅|律师)|(?:老|姓)[李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕](?![人家])|${PLACE}`, "g")],
  ["number", new RegExp(`(?:${FIGURE}[0-9０-９零〇一二两三四五六七八九十百千万亿点.]*(?:亩|分地|分(?!钱)|厘|棵|平方?米?|米|公里|里地|口人|个人|户|次|份|张|斤|吨|间|栋|层|号楼|岁|天))+|[0-9０-９]{2,}|[二两三四五六七八九十百千万]{2,}`, "g")],
  ["negation", /(?<!有|是|能|要|好|行|对|可|会)(?:没有?|未|不(?!过|但|然|管|如|论|仅|止|太|客气|好意思|用谢)|别(?!的|人|处)|无(?!论|非))[\u4e00-\u9fa5]{1,2}/g],
]);

/** Said out of politeness, or a question that only looks like a negation. */
const EMPTY = /^(?:没事|没关系|没问题|不好意思|不客气|不用谢|没什么|不要紧|不着急|别着急|别急)/;

/** @type {WeakMap<any, {others: any, marked: boolean, nobodys: boolean, risks: Risk[]}>} */
const known = new WeakMap();

/**
 * The places of a line that need ears, in the order of the text; none in a line that is deleted.
 * @param {any} line @param {any[]} others its suggestions @param {boolean} marked somebody marked this moment
 * @param {boolean} [nobodys] nobody has said yet who spoke
 * @returns {Risk[]}
 */
export function risksIn(line, others, marked, nobodys = false) {
  const found = known.get(line);
  const same = found && found.marked === marked && found.nobodys === nobodys && sameOthers(found.others, others);
  if (same) return found.risks;
  const who = nobodys ? [/** @type {Risk} */ ({ from: 0, to: line.text.length, weak: false, kind: "speaker" })] : [];
  const risks = line.deleted ? [] : [...who, ...find(line, others, marked)];
  known.set(line, { others, marked, nobodys, risks });
  return risks;
}

/** @param {any[]} one @param {any[]} other */
function sameOthers(one, other) {
  return one.length === other.length && one.every((suggestion, i) => suggestion.id === other[i].id);
}

/** @param {any} line @param {any[]} others @param {boolean} marked @returns {Risk[]} */
function find(line, others, marked) {
  const whole = { from: 0, to: line.text.length, weak: false };
  if (line.disputed) return [{ ...whole, kind: "disputed" }];
  if (marked) return [{ ...whole, kind: "marked" }];
  const found = placesIn(line, others);
  return found.length || !line.doubt.length ? found : [{ ...whole, kind: "doubt" }];
}

/** Places within a line, in the order of the text; none lies in another. @param {any} line @param {any[]} others its suggestions @returns {Risk[]} */
export function placesIn(line, others) {
  const weak = isWellHeard(line) ? [] : weakPlaces(line.text, wordsIn(line));
  const weakIn = (/** @type {{from: number, to: number}} */ place) => weak.find((one) => one.core[0] < place.to && place.from < one.core[1]);
  /** @type {Risk[]} */
  const found = [];
  const add = (/** @type {Risk} */ risk) => { if (!found.some((one) => one.from < risk.to && risk.from < one.to)) found.push(risk); };
  for (const one of others) add({ ...placeOf(one, line.text), kind: isKnownName(one) ? "name" : "differ", weak: true });
  for (const [kind, pattern] of CONTENT) {
    for (const match of line.text.matchAll(pattern)) {
      const place = { from: match.index, to: match.index + match[0].length };
      const unsure = weakIn(place);
      if (!EMPTY.test(line.text.slice(place.from))) add({ ...place, kind, weak: Boolean(unsure), core: unsure?.core });
    }
  }
  for (const place of weak) add({ ...place, kind: "weak", weak: true });
  return found.sort((a, b) => a.from - b.from);
}

/** The lower, the sooner it should be heard. @param {Risk} risk */
export function urgency(risk) {
  return ORDER[risk.kind][risk.weak ? 0 : 1];
}

/** Why a place should be heard, in a few words. @param {Risk} risk @param {any} line */
export function riskWords(risk, line) {
  return risk.kind === "doubt" ? doubtWords(line) : KINDS[risk.kind][1];
}
