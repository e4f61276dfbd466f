// Why somebody is not in a talk any more that may still go on; of the reasons that the node gives (server/protocol/signalling.py,
// Ended) only hung_up and office say that the talk itself is over.

/** @typedef {{title: string, why: string, back: boolean}} Ending `back`: they may come in again */

/** @type {Record<string, [string, string, boolean]>} */
const ENDINGS = {
  left: ["您已经离开", "", true],
  kicked: ["您已经离开这次接谈", "主持的人请您离开了。有疑问请联系邀请您的人。", false],
  replaced: ["换到别处谈了", "这次接谈正在您的另一个窗口里谈。", true],
  network_lost: ["线路断得太久", "里面可能还在谈。", true],
  token_expired: ["您的参加时间到了", "里面可能还在谈。", true],
  shutdown: ["正在重新接通", "", true],
};

/** Null: the talk is over for everybody. @param {string} reason @returns {Ending | null} */
export function ending(reason) {
  const found = ENDINGS[reason];
  return found ? { title: found[0], why: found[1], back: found[2] } : null;
}
