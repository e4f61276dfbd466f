// Pinyin to characters: what the keyboard offers for the letters typed so far.  Pure.
import chinese from "/static/vendor/simple-keyboard-layouts/chinese.js";

/** @type {Object<string, string>} syllable → characters, the most common first */
const COMMON = chinese.layoutCandidates;
const LONGEST_SYLLABLE = 6;
const COMPLETIONS_EACH = 4;
const SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝";

const GIVEN_NAMES = "英华明秀兰国建玉文平桂志红军春海林荣金芳梅伟德成永云德丽珍生强凤福庆清霞燕杰贵义忠敏静守田山宝兴祥亮勇莲琴芬娟玲萍翠淑美花月香菊莉琳雪涛鹏飞斌健刚峰波辉东磊龙虎松柏根发财富昌顺安康宁民信仁礼孝友善良俊杰豪天祖光宗耀先学才有全长寿喜来元正新立树长水土木火星晨阳旭子梓浩宇轩涵雨欣怡佳诗婷倩雅思琪嘉";

/** @type {Object<string, string>} */
let rare = {};

/** Loads the characters that are not in everyday use; without them the keyboard still works. */
export async function loadRare() {
  if (Object.keys(rare).length) return;
  const response = await fetch("/static/js/kiosk/rare_characters.json").catch(() => null);
  if (response?.ok) rare = await response.json();
}

/** @param {string} syllable */
const charactersOf = (syllable) => [...(COMMON[syllable] || "").replace(/\s/g, ""), ...(rare[syllable] || "")];

/** Longest syllable that the letters begin with; "" if none. @param {string} letters */
export function firstSyllable(letters) {
  const run = letters.split("'")[0];
  for (let length = Math.min(LONGEST_SYLLABLE, run.length); length > 0; length -= 1) {
    if (COMMON[run.slice(0, length)]) return run.slice(0, length);
  }
  return "";
}

/** Common characters of all syllables that begin like this. @param {string} letters */
function completions(letters) {
  const syllables = Object.keys(COMMON).filter((syllable) => syllable.startsWith(letters));
  return syllables.sort().flatMap((syllable) => charactersOf(syllable).slice(0, COMPLETIONS_EACH));
}

/** Those that people are called first. @param {string[]} characters @param {string} names */
function namesFirst(characters, names) {
  const rank = (/** @type {string} */ one) => (names.includes(one) ? names.indexOf(one) : names.length);
  return [...characters].sort((a, b) => rank(a) - rank(b));
}

/**
 * Characters to choose from, and how many letters the choice uses up.
 * @param {string} letters a–z and '
 * @param {{name?: ""|"surname"|"given"}} [options] which part of a name is being typed
 * @returns {{characters: string[], taken: number}}
 */
export function candidates(letters, { name = "" } = {}) {
  const syllable = firstSyllable(letters);
  const taken = syllable ? syllable.length : letters.length;
  const characters = [...new Set(syllable ? charactersOf(syllable) : completions(letters))];
  const names = { surname: SURNAMES, given: GIVEN_NAMES, "": "" }[name];
  return { characters: names ? namesFirst(characters, names) : characters, taken };
}

/** What is left of the letters after a choice. @param {string} letters @param {number} taken */
export function rest(letters, taken) {
  return letters.slice(taken).replace(/^'+/, "");
}
