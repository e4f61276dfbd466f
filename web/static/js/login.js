// Log-in page.
import { api } from "/static/js/api.js";
import { byId } from "/static/js/dom.js";
import { onSend, required, wrongOnly } from "/static/js/form.js";

const form = /** @type {HTMLFormElement} */ (byId("log-in"));
const password = /** @type {HTMLInputElement} */ (byId("password"));

byId("show-password").addEventListener("change", (event) => {
  password.type = /** @type {HTMLInputElement} */ (event.target).checked ? "text" : "password";
});

onSend(
  form,
  (fields) => wrongOnly({ username: required(fields.username, "账号"), password: required(fields.password, "密码") }),
  async (fields) => {
    const me = await api("POST", "/api/session", { username: fields.username.trim(), password: fields.password });
    location.assign(form.dataset.next || me.home || "/");
  },
);
