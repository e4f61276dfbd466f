/** Whether somebody else's words came back through this person's microphone. @param {{doubt?: string[]}} utterance */
export function isEcho(utterance) {
  return Boolean(utterance.doubt?.includes("echo"));
}
