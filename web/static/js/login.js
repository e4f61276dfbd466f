// Log-in page.
import { ApiError, api } from "/static/js/api.js";
import { byId } from "/static/js/dom.js";
import { mark, onSend, required, wrongOnly } from "/static/js/form.js";

const form = /** @type {HTMLFormElement} */ (byId("log-in"));
const second = byId("second");
const password = /** @type {HTMLInputElement} */ (byId("password"));

byId("show-password").addEventListener("change", (event) => {
  password.type = /** @type {HTMLInputElement} */ (event.target).checked ? "text" : "password";
});

/** The password was right, and the account has a second step. @param {unknown} error */
function askCode(error) {
  if (!(error instanceof ApiError) || !["code_wanted", "wrong_code"].includes(error.code)) throw error;
  second.hidden = false;
  const code = /** @type {HTMLInputElement} */ (byId("code"));
  code.value = "";
  mark(form, "code", error.code === "wrong_code" ? error.message : "");
  code.focus();
}

onSend(
  form,
  (fields) => wrongOnly({ username: required(fields.username, "账号"), password: required(fields.password, "密码"), code: second.hidden ? "" : required(fields.code, "验证码") }),
  async (fields) => {
    const me = await api("POST", "/api/session", { username: fields.username.trim(), password: fields.password, code: second.hidden ? "" : fields.code }).catch(askCode);
    if (me) location.assign(me.home === "/account" ? me.home : form.dataset.next || me.home || "/");
  },
);
