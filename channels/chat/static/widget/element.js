// The element: what is shown and what the person does.
const LONGEST = 4000, ESCAPES_WITHIN = 2000;
const SCRIPT = (document.currentScript && document.currentScript.src) || location.href;

class GuidepostChat extends HTMLElement {
  static observedAttributes = ["language", "agency", "heading", "greeting", "accent", "accent-text", "position"];
  #line = null; #shown = new Map(); #unread = 0; #escapes = []; #typingTimer = 0; #bannerTimer = 0; #before = null;
  #lang = ""; #built = false; #ui = {}; #watch = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }
  connectedCallback() {
    if (!this.#built) this.#build();
    document.addEventListener("keydown", this.#onKey, true);
    document.addEventListener("visibilitychange", this.#onSeen);
    addEventListener("online", this.#onOnline);
    addEventListener("offline", this.#onOffline);
    this.#watch = new MutationObserver(() => this.#texts());
    this.#watch.observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
    this.#line = new Line(this.#url, this.#lang, (event, detail) => this.#told(event, detail));
    if (this.#line.said || this.#inline) this.#line.start();
  }
  disconnectedCallback() {
    document.removeEventListener("keydown", this.#onKey, true);
    document.removeEventListener("visibilitychange", this.#onSeen);
    removeEventListener("online", this.#onOnline);
    removeEventListener("offline", this.#onOffline);
    this.#watch.disconnect();
    this.#line.stop();
  }
  attributeChangedCallback(name, _, value) {
    if (name.startsWith("accent")) this.style.setProperty("--guidepost-" + name, value);
    else if (this.#built) this.#texts();
  }

  // ---- what a page may call
  get isOpen() { return !this.#ui.panel.hidden; }
  open() {
    if (this.isOpen) return;
    this.#before = document.activeElement;
    this.#ui.panel.hidden = false;
    this.#ui.launch.hidden = true;
    this.#unread = 0;
    this.#badge();
    this.#line.start();
    this.#toEnd(true);
    this.#ui.input.focus();
    this.#emit("open");
  }
  close() {
    if (!this.isOpen || this.#inline) return;
    this.#ui.panel.hidden = true;
    this.#ui.launch.hidden = false;
    const back = this.#before;
    (back && back !== document.body && back !== this && back.isConnected ? back : this.#ui.launch).focus();
    this.#emit("close");
  }
  send(text) {
    text = String(text).trim().slice(0, LONGEST);
    if (text) this.#enqueue({ type: "message", id: uuid(), text }, text);
  }
  quickExit() {
    this.#line.forget();
    this.#ui.log.replaceChildren();
    this.#shown.clear();
    this.#more(false);
    this.#ui.input.value = "";
    document.documentElement.style.display = "none"; // before the other page comes
    location.replace(this.getAttribute("exit-url") || "https://www.weather.gov/");
  }

  // ---- what is shown
  get #inline() { return this.getAttribute("position") === "inline"; }
  get #t() { return TEXT[this.#lang] || TEXT.en; }
  #build() {
    this.#built = true;
    const u = this.#ui;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    this.shadowRoot.adoptedStyleSheets = [sheet];
    u.launchText = h("span");
    u.badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
    const icon = h("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, h("path", { d: "M4 3h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z" }));
    u.launch = h("button", { class: "launch", part: "launcher", type: "button", "aria-expanded": "false", onclick: () => this.open() }, icon, u.launchText, u.badge);
    u.heading = h("h2", { id: "h" });
    u.exit = h("button", { type: "button", onclick: () => this.quickExit() });
    u.close = h("button", { type: "button", class: "x", onclick: () => this.close() }, "×");
    u.moreButton = h("button", { type: "button", class: "x", "aria-expanded": "false", "aria-controls": "m", onclick: () => this.#more(u.more.hidden) }, "⋯");
    u.link = h("button", { type: "button", onclick: () => this.#askLink() });
    u.save = h("button", { type: "button", onclick: () => this.#save() });
    u.print = h("button", { type: "button", onclick: () => this.#print() });
    u.saveHint = h("p");
    u.mail = h("button", { type: "button", hidden: true, "aria-expanded": "false", "aria-controls": "f", onclick: () => this.#mailForm(u.mailForm.hidden) });
    u.mailAsk = h("p", { id: "q" });
    u.mailLabel = h("label", { for: "a" });
    // Not remembered by the browser: the computer may be shared.
    u.address = h("input", { id: "a", type: "email", autocomplete: "off", maxlength: 254, "aria-describedby": "q" });
    u.mailSend = h("button", {});
    u.mailForm = h("form", { id: "f", novalidate: true, hidden: true, onsubmit: (e) => { e.preventDefault(); this.#mail(); } }, u.mailAsk, u.mailLabel, u.address, u.mailSend);
    u.code = h("p", { role: "status" });
    u.more = h("div", { class: "more", id: "m", role: "group", hidden: true }, u.link, u.save, u.print, u.mail, u.mailForm, u.code, u.saveHint);
    u.keepText = h("p", { id: "k" });
    [u.yes, u.no] = [true, false].map((yes) => h("button", { type: "button", onclick: () => this.#keep(yes) }));
    u.keep = h("div", { class: "keep", role: "group", "aria-labelledby": "k", hidden: true }, u.keepText, u.yes, u.no);
    u.crisis = h("p", { class: "crisis" });
    u.log = h("div", { class: "log", role: "log", tabindex: "0", "aria-live": "polite", "aria-relevant": "additions" });
    u.typing = h("p", { class: "typing", hidden: true });
    u.banner = h("p", { class: "banner", role: "status" });
    u.label = h("label", { class: "vh", for: "i" });
    u.input = h("textarea", { id: "i", rows: "1", maxlength: LONGEST, oninput: () => this.#line.typing(), onkeydown: (e) => this.#onEnter(e) });
    u.sendButton = h("button", {});
    const form = h("form", { onsubmit: (e) => { e.preventDefault(); this.#submit(); } }, u.label, u.input, u.sendButton);
    u.panel = h("section", { class: "panel", part: "panel", "aria-labelledby": "h", hidden: true },
      h("header", {}, u.heading, u.exit, u.moreButton, u.close), u.crisis, u.more, u.log, u.typing, u.keep, u.banner, form);
    u.panel.addEventListener("focusin", () => this.isOpen && this.#line && this.#line.start());
    u.status = h("p", { class: "vh", role: "status" });
    u.banner.hidden = true;
    this.shadowRoot.append(u.launch, u.panel, u.status);
    this.#texts();
  }
  #texts() {
    const near = this.closest("[lang]");
    const asked = this.getAttribute("language") || (near && near.lang) || navigator.language || "en";
    const lang = asked.toLowerCase().startsWith("es") ? "es" : "en";
    const changed = lang !== this.#lang, u = this.#ui;
    this.#lang = lang;
    const t = this.#t, agency = this.getAttribute("agency");
    for (const part of [u.panel, u.launch, u.status]) part.lang = lang;
    u.heading.textContent = this.getAttribute("heading") || agency || t.heading;
    u.exit.textContent = t.exit;
    u.exit.title = t.exitHint;
    u.close.setAttribute("aria-label", t.close);
    u.moreButton.setAttribute("aria-label", t.more);
    u.more.setAttribute("aria-label", t.more);
    for (const name of ["link", "save", "print", "saveHint", "keepText", "yes", "no"]) u[name].textContent = t[name] || t.keep;
    const [a, danger, b, crisis, c] = t.crisis;
    u.crisis.replaceChildren(a, h("a", { href: "tel:911" }, danger), b, h("a", { href: "tel:988" }, crisis), c);
    u.log.setAttribute("aria-label", t.log);
    u.label.textContent = t.label;
    u.input.placeholder = t.hint;
    u.sendButton.textContent = t.send;
    u.typing.textContent = t.typing;
    u.close.hidden = this.#inline;
    u.panel.setAttribute("role", this.#inline ? "region" : "dialog");
    if (this.#inline) [u.panel.hidden, u.launch.hidden] = [false, true];
    if (u.banner.dataset.name) u.banner.textContent = t[u.banner.dataset.name];
    for (const who of u.log.querySelectorAll("[data-who]")) who.textContent = t[who.dataset.who] + ": ";
    this.#greet(t, agency);
    this.#badge();
    if (changed && this.#line) this.#line.hello(lang);
  }
  #greet(t, agency) {
    if (this.#shown.size) return;
    const text = this.getAttribute("greeting") || (agency ? t.greeting.replace("{agency}", agency) : t.greetingPlain);
    const starters = t.starters.map((title) => ({ title, text: title }));
    this.#ui.log.replaceChildren(this.#bubble({ from: "assistant", text, choices: starters }));
  }
  #badge() {
    const t = this.#t, n = this.#unread, u = this.#ui;
    u.launchText.textContent = t.launch;
    u.badge.hidden = !n;
    u.badge.textContent = n;
    if (n) u.launch.setAttribute("aria-label", t.launchNew.replace("{n}", n));
    else u.launch.removeAttribute("aria-label");
  }
  #bubble(m) {
    const who = h("span", { class: m.from === "person" ? "who" : "vh", "data-who": m.from }, this.#t[m.from] + ": ");
    const box = h("div", { class: "m " + m.from }, who, h("p", { dir: "auto" }, ...linked(m.text)));
    if (m.choices && m.choices.length)
      box.append(h("div", { class: "choices", role: "group", "aria-label": this.#t.choices },
        ...m.choices.map((c) => h("button", { type: "button", onclick: () => this.#choose(c) }, c.title))));
    return box;
  }
  #choose(choice) {
    if (choice.payload == null) this.send(choice.text);
    else this.#enqueue({ type: "choice", id: uuid(), payload: choice.payload }, choice.title);
    this.#ui.input.focus();
  }
  /** Shows a message once; `before` is the element it goes in front of. */
  #show(m, before = null) {
    const known = this.#shown.get(m.id);
    if (known) return this.#state(known, "");
    const log = this.#ui.log, atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    if (m.from === "client") for (const old of log.querySelectorAll(".choices")) old.remove();
    const box = this.#bubble(m);
    this.#shown.set(m.id, box);
    this.#at.set(m.id, m.at);
    log.insertBefore(box, before);
    this.#toEnd(atEnd || m.from === "client");
    return box;
  }
  #state(box, text, bad = false) {
    let state = box.querySelector(".state");
    if (!text) return state && state.remove();
    if (!state) box.append((state = h("span", {})));
    state.className = bad ? "state bad" : "state";
    if (bad) state.removeAttribute("aria-hidden");
    else state.setAttribute("aria-hidden", "true");
    state.textContent = text;
  }
  #toEnd(go) {
    if (go) this.#ui.log.scrollTop = this.#ui.log.scrollHeight;
  }
  #banner(name, text) {
    const b = this.#ui.banner;
    clearTimeout(this.#bannerTimer);
    b.dataset.name = name || "";
    b.hidden = !name && !text;
    b.textContent = text || (name ? this.#t[name] : "");
    if (name === "online" || text) this.#bannerTimer = setTimeout(() => this.#banner(), text ? 15000 : 4000);
  }
  #typing(on) {
    clearTimeout(this.#typingTimer);
    this.#ui.typing.hidden = !on;
    if (on) {
      this.#typingTimer = setTimeout(() => this.#typing(false), 30000);
      this.#toEnd(true);
    }
  }

  #at = new Map(); // id -> when it was said
  /** The chat as lines of text, each with its time and who said it. */
  #transcript() {
    const when = (id) => new Date(this.#at.get(id) || Date.now()).toLocaleString(this.#lang, { dateStyle: "short", timeStyle: "short" });
    const lines = [...this.#shown].map(([id, box]) => `${when(id)}  ${box.querySelector("[data-who]").textContent}${box.querySelector("p").textContent}`);
    return [this.#ui.heading.textContent, this.#ui.crisis.textContent, "", ...lines, ""].join("\r\n");
  }
  #save() {
    const url = URL.createObjectURL(new Blob([this.#transcript()], { type: "text/plain;charset=utf-8" }));
    h("a", { href: url, download: this.#t.file }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
  #print() { // in a frame of its own: the page around the chat is not what is to be printed
    const frame = h("iframe", { class: "vh", title: this.#t.print, "aria-hidden": "true", tabindex: "-1" });
    this.shadowRoot.append(frame);
    const page = frame.contentDocument;
    page.title = this.#ui.heading.textContent;
    page.documentElement.lang = this.#lang;
    for (const line of this.#transcript().split("\r\n")) page.body.append(h("p", { dir: "auto" }, line));
    frame.contentWindow.onafterprint = () => frame.remove();
    frame.contentWindow.print();
  }
  #more(show) {
    this.#ui.more.hidden = !show;
    this.#ui.moreButton.setAttribute("aria-expanded", show);
    this.#ui.code.replaceChildren();
    this.#mailForm(false);
    this.#toEnd(true);
  }
  #askLink() {
    this.#ui.code.replaceChildren();
    this.#line.link();
  }
  #linked({ code, number, minutes }) {
    const t = this.#t, shown = number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "($1) $2-$3");
    this.#ui.code.replaceChildren(t.code[0], h("b", {}, shown), ":", h("span", { class: "code" }, code), t.code[1].replace("{n}", minutes), " ",
      h("a", { href: `sms:${number}?&body=${code}` }, t.openTexts));
    this.#toEnd(true);
  }
  #mailWords = null; // what the line says around its e-mail; without it there is none
  #mailForm(show) {
    const u = this.#ui, words = this.#mailWords;
    u.mail.hidden = !words;
    u.mailForm.hidden = !(show && words);
    u.mail.setAttribute("aria-expanded", !u.mailForm.hidden);
    u.address.value = "";
    if (!words) return;
    [u.mail.textContent, u.mailAsk.textContent, u.mailLabel.textContent, u.mailSend.textContent] = words.says;
    if (show) u.code.replaceChildren(), u.address.focus();
  }
  async #mail() {
    const u = this.#ui;
    u.code.textContent = this.#t.sending;
    const { sent, text } = await this.#line.mail(u.address.value).catch(() => ({ text: this.#mailWords.failed }));
    if (sent) this.#mailForm(false), u.mail.focus();
    u.code.textContent = text;
  }
  #keep(yes) {
    this.#asked = true;
    this.#ui.keep.hidden = true;
    this.#line.keep(yes);
    this.#ui.input.focus();
  }
  #asked = false;

  // ---- what the person does
  #onEnter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }
  #submit() {
    const input = this.#ui.input;
    this.send(input.value);
    input.value = "";
    input.focus();
  }
  #onKey = (event) => {
    if (event.key !== "Escape" || event.isComposing || event.repeat) return;
    const now = Date.now();
    this.#escapes = [...this.#escapes.filter((at) => now - at < ESCAPES_WITHIN), now];
    // Counted from a press in the open chat on: a page's own use of Escape leads nobody away.
    if (this.#escapes.length === 1 && !this.isOpen) this.#escapes = [];
    if (this.#escapes.length >= 3) return this.quickExit();
    if (!this.isOpen || !event.composedPath().includes(this)) return;
    if (this.#ui.more.hidden) return this.close();
    this.#more(false);
    this.#ui.moreButton.focus();
  };
  // ---- what the line tells
  get #url() {
    const url = new URL("/chat/socket", this.getAttribute("server") || SCRIPT);
    url.protocol = url.protocol.replace("http", "ws");
    return url.href;
  }
  #emit(name, detail) {
    this.dispatchEvent(new CustomEvent("guidepost-" + name, { detail, bubbles: true, composed: true }));
  }
  #enqueue(frame, text) {
    this.#state(this.#show({ id: frame.id, from: "client", text }), this.#t.sending);
    this.#line.send(frame);
  }
  #onSeen = () => { if (!document.hidden && this.#line.said) this.#line.start(); };
  #onOffline = () => { if (this.isOpen || this.#line.said) this.#line.lost(); };
  #onOnline = () => { if (this.isOpen || this.#line.said) this.#line.retry(); };
  #told(event, detail) {
    if (event === "welcome") this.#welcome(detail);
    else if (event === "message") this.#message(detail);
    else if (event === "typing") this.#typing(true);
    else if (event === "notice") this.#banner("", detail);
    else if (event === "link") this.#linked(detail);
    else if (event === "idle") this.#banner("idle");
    else if (event === "moved") {
      this.#more(false);
      this.#show({ id: uuid(), from: "system", text: detail });
    } else if (event === "ack") {
      if (this.#shown.has(detail.id)) this.#state(this.#shown.get(detail.id), "");
      this.#ui.keep.hidden = this.#asked || this.#line.kept;
    }
    else if (event === "refused") {
      this.#state(this.#shown.get(detail.id), detail.text, true);
      this.#ui.status.textContent = detail.text;
    } else if (event === "lost") {
      this.#typing(false);
      if (detail.tries > 1 || !navigator.onLine) this.#banner("offline");
      if (detail.was) this.#emit("connection", { connected: false });
    }
  }
  #welcome({ messages, known, tries, mail }) {
    const log = this.#ui.log;
    this.#mailWords = mail;
    if (this.#ui.mailForm.hidden) this.#mailForm(false);
    if (!known) // another chat than the one on screen (it was erased): only what is still to be sent stays
      for (const [id, box] of this.#shown) if (!this.#line.isWaiting(id)) { box.remove(); this.#shown.delete(id); }
    const waiting = this.#shown.get(this.#line.firstWaiting) || null, missed = known && this.#shown.size;
    if (!missed) log.setAttribute("aria-live", "off"); // a history is not read out; what came during a drop is
    for (const m of messages) missed && !this.#shown.has(m.id) ? this.#message(m, waiting) : this.#show(m, waiting);
    this.#toEnd(true);
    setTimeout(() => log.setAttribute("aria-live", "polite"), 200);
    this.#banner(tries > 1 ? "online" : "");
    this.#emit("connection", { connected: true });
  }
  #message(m, before) {
    const isNew = !this.#shown.has(m.id);
    this.#show(m, before);
    if (m.from !== "client") this.#typing(false);
    if (isNew && m.from !== "client" && !this.isOpen) {
      this.#unread++;
      this.#badge();
      this.#ui.status.textContent = "";
      setTimeout(() => { this.#ui.status.textContent = this.#t.unread; }, 50);
    }
    this.#emit("message", { id: m.id, from: m.from });
  }
}
if (!customElements.get("guidepost-chat")) customElements.define("guidepost-chat", GuidepostChat);
