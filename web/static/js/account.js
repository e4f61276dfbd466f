// One's own account: its password, the second step of the log-in, other browsers.
import { ApiError, api } from "/static/js/api.js";
import { byId, el, tell } from "/static/js/dom.js";
import { onSend, required, said, wrongOnly } from "/static/js/form.js";

const SAID = "account.said";

/** The page as it is now, with a sentence on top. @param {string} sentence */
function again(sentence) {
  sessionStorage.setItem(SAID, sentence);
  location.assign("/account");
}

/** @param {string} id @returns {HTMLFormElement|null} */
function form(id) {
  return /** @type {HTMLFormElement|null} */ (document.getElementById(id));
}

/** What a button does; what goes wrong is told beside it. @param {string} id @param {string} trouble @param {() => Promise<void>} act */
function onPress(id, trouble, act) {
  const button = /** @type {HTMLButtonElement|null} */ (document.getElementById(id));
  button?.addEventListener("click", async () => {
    button.disabled = true;
    tell(byId(trouble), "");
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      tell(byId(trouble), said(error));
    } finally {
      button.disabled = false;
    }
  });
}

tell(byId("done"), sessionStorage.getItem(SAID) || "");
sessionStorage.removeItem(SAID);

onSend(/** @type {HTMLFormElement} */ (form("password-form")), (f) => wrongOnly({
  password: required(f.password, "现在的密码"), new: required(f.new, "新密码", 10), again: f.again === f.new ? "" : "两遍填的不一样",
}), async (f) => {
  await api("PUT", "/api/account/password", { password: f.password, new: f.new });
  again("密码换好了。");
}, byId("trouble-password"));

let secret = "";

function showSecret(/** @type {{secret: string, picture: string}} */ begun) {
  secret = begun.secret;
  byId("secret").textContent = (secret.match(/.{1,4}/g) || []).join(" ");
  byId("picture").replaceChildren(document.importNode(new DOMParser().parseFromString(begun.picture, "image/svg+xml").documentElement, true));
  byId("two-step-off").hidden = true;
  byId("on-form").hidden = false;
  byId("on-code").focus();
}

onPress("begin", "trouble-begin", async () => showSecret(await api("POST", "/api/account/two-step")));

document.getElementById("cancel")?.addEventListener("click", () => {
  byId("on-form").hidden = true;
  byId("two-step-off").hidden = false;
});

const on = form("on-form");
if (on) {
  onSend(on, (f) => wrongOnly({ code: required(f.code, "6 位数字", 6), password: required(f.password, "密码") }), async (f) => {
    const { codes } = await api("PUT", "/api/account/two-step", { password: f.password, secret, code: f.code.trim() });
    byId("codes").replaceChildren(...codes.map((/** @type {string} */ code) => el("li", {}, code)));
    on.hidden = true;
    byId("codes-shown").hidden = false;
    byId("kept").focus();
  }, byId("trouble-on"));
  byId("print").addEventListener("click", () => print());
  byId("kept").addEventListener("click", () => location.assign("/"));
}

const off = form("off-form");
if (off) {
  onSend(off, (f) => wrongOnly({ password: required(f.password, "密码"), code: required(f.code, "验证码") }), async (f) => {
    await api("POST", "/api/account/two-step/off", { password: f.password, code: f.code });
    again("两步登录关了。");
  }, byId("trouble-off"));
}

onPress("leave", "trouble-others", async () => {
  await api("DELETE", "/api/account/sessions");
  again("别处都退出了。");
});
