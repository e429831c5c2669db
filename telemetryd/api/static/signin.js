// Who looks at the page: asks for a token where the daemon wants one, and has it turned into a session.
// The page keeps neither: the session is a cookie that no script can read.

import { needsToken, session } from "./daemon.js";
import { fill, h, mark, say } from "./element.js";

// What a header can hold.
const SENDABLE = /^[\x21-\x7e]+$/;

/** `dialog` asks for the token; `who` says who is signed in, and is hidden where nobody has to be. */
export class SignIn {
  #dialog;
  #who;
  #dismissed = false;
  #token = h("input", { type: "password", id: "token", autocomplete: "current-password", spellcheck: "false", required: true, "aria-describedby": "token-error" });
  #error = h("p", { class: "field-error", id: "token-error", role: "alert", hidden: true });
  #button = h("button", { type: "submit", class: "primary" }, "Sign in");

  constructor(dialog, who) {
    this.#dialog = dialog;
    this.#who = who;
    const close = h("button", { type: "button", class: "close", "aria-label": "Close", on: { click: () => dialog.close() } }, "✕");
    fill(
      dialog,
      h("header", {}, h("h2", { id: "signin-title" }, "This daemon asks for a token"), close),
      h(
        "form",
        { class: "signin", novalidate: true, on: { submit: (event) => this.#submit(event) } },
        h("p", { class: "detail" }, "Its operator gives one out, for reading or for administration. It opens a session in this browser for at most twelve hours."),
        h("label", { for: "token" }, "Token"),
        this.#token,
        this.#error,
        h("div", { class: "actions" }, this.#button),
      ),
    );
    // Whoever closed it wants to look around: it does not come back by itself.
    dialog.addEventListener("close", () => (this.#dismissed = true));
    needsToken.addEventListener("needed", () => this.#show({ required: true, name: null }));
  }

  /** Find out who is signed in. */
  async start() {
    try {
      this.#show(await session());
    } catch (error) {
      // Whether it answers at all is told elsewhere.
      if (!error.kind) throw error;
    }
  }

  #show({ required, name, role }) {
    this.#who.hidden = !required;
    if (!required) return;
    const out = h("button", { type: "button", class: "quiet", on: { click: () => this.#signOut() } }, "Sign out");
    const into = h("button", { type: "button", class: "primary", on: { click: () => this.#open() } }, "Sign in");
    if (name !== null) return fill(this.#who, h("span", {}, `${name} (${role})`), out);
    fill(this.#who, into);
    if (!this.#dismissed) this.#open();
  }

  #open() {
    if (this.#dialog.open) return;
    this.#blame("");
    this.#dialog.showModal();
    this.#token.focus();
  }

  async #submit(event) {
    event.preventDefault();
    const token = this.#token.value.trim();
    if (!SENDABLE.test(token)) return this.#blame("A token has no spaces, and only letters, digits and signs of a keyboard.");
    mark(this.#button, "disabled", true);
    try {
      await session("POST", token);
      // Everything on the page was asked for as nobody.
      location.reload();
    } catch (error) {
      if (!error.kind) throw error;
      this.#blame(error.status === 401 ? "The daemon does not know this token." : error.message);
    } finally {
      mark(this.#button, "disabled", null);
    }
  }

  async #signOut() {
    await session("DELETE");
    location.reload();
  }

  #blame(sentence) {
    this.#error.hidden = !sentence;
    say(this.#error, sentence);
    mark(this.#token, "aria-invalid", sentence ? "true" : null);
    if (sentence) this.#token.focus();
  }
}
