// First administrator, by the one-time link.
import { api } from "/static/js/api.js";
import { byId } from "/static/js/dom.js";
import { onSend, required, wrongOnly } from "/static/js/form.js";

const token = new URLSearchParams(location.search).get("token") || "";
history.replaceState(null, "", "/setup?token=");

/** @param {Object<string, string>} fields */
function wrong(fields) {
  return wrongOnly({
    organization: required(fields.organization, "单位名称", 2),
    name: required(fields.name, "姓名"),
    username: required(fields.username, "账号", 2),
    password: required(fields.password, "密码", 10),
    again: fields.again === fields.password ? "" : "两遍填的不一样",
  });
}

onSend(/** @type {HTMLFormElement} */ (byId("set-up")), wrong, async (fields) => {
  const { organization, name, username, password } = fields;
  const me = await api("POST", "/api/setup", {
    token, password, organization: organization.trim(), name: name.trim(), username: username.trim(),
  });
  location.assign(me.home || "/");
});
