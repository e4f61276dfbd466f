// Which microphone and camera this browser uses; remembered until they are gone.

const KEPT = "jietan.devices";

/** @returns {{audio?: string, video?: string}} device ids */
export function chosen() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) || "{}");
  } catch {
    return {};
  }
}

/** @param {"audio"|"video"} kind @param {string} id */
function remember(kind, id) {
  localStorage.setItem(KEPT, JSON.stringify({ ...chosen(), [kind]: id }));
}

/** Which device is wished for; another is taken where it is not plugged in. @param {"audio"|"video"} kind */
export function wished(kind) {
  const id = chosen()[kind];
  return id ? { deviceId: { ideal: id } } : {};
}

/**
 * Fills two lists, or the one there is, with what is plugged in; hidden where there is no choice.
 * @param {{audio: HTMLSelectElement | null, video: HTMLSelectElement | null}} lists @param {MediaStream} now @param {() => void} changed
 */
export async function offer(lists, now, changed) {
  const all = await navigator.mediaDevices.enumerateDevices();
  for (const kind of /** @type {("audio"|"video")[]} */ (["audio", "video"])) {
    const list = lists[kind];
    if (!list) continue;
    const found = all.filter((device) => device.kind === `${kind}input` && device.deviceId);
    const used = now.getTracks().find((track) => track.kind === kind)?.getSettings().deviceId;
    list.replaceChildren(...found.map((device, n) => new Option(device.label || `${kind === "audio" ? "麦克风" : "摄像头"} ${n + 1}`, device.deviceId, false, device.deviceId === used)));
    (list.closest(".field") || list).toggleAttribute("hidden", found.length < 2);
    list.onchange = () => { remember(kind, list.value); changed(); };
  }
}
