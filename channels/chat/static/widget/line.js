// The connection: what is still to be sent, the token, the socket and its return after a drop.
//
// One message at a time is under way, so that they arrive in order and an error is known to be about it. It is sent
// again with its id after a drop; the server acknowledges a known id and does nothing more.
const ACK_SECONDS = 10, OPEN_SECONDS = 8, LONGEST_WAIT = 30000, IDLE = 4000;

/** Long polling in the shape of a WebSocket, for networks that let none through: the same frames over plain HTTP. */
class Polling {
  readyState = 0; #out = []; #after = null; #hold = null; #closed = false;
  constructor(url, known) {
    this.url = url;
    this.known = known; // () => {session, language}
    setTimeout(() => { this.readyState = 1; this.onopen(); this.#run(); });
  }
  send(text) {
    this.#out.push(JSON.parse(text));
    if (this.#hold) this.#hold.abort(); // what waits for news makes room
  }
  close() {
    this.#closed = true;
    if (this.#hold) this.#hold.abort();
  }
  async #run() {
    while (!this.#closed) {
      const frames = this.#out.splice(0, 10), hold = new AbortController();
      this.#hold = frames.length ? null : hold;
      try {
        const body = JSON.stringify({ ...this.known(), frames, after: this.#after, wait: true });
        const answer = await fetch(this.url, { method: "POST", body, credentials: "omit", referrerPolicy: "no-referrer", signal: hold.signal });
        const told = await answer.json();
        this.#hold = null;
        if (told.after) this.#after = told.after;
        for (const frame of told.frames) if (!this.#closed) this.onmessage({ data: JSON.stringify(frame) });
        if (!answer.ok) break;
      } catch {
        if (!hold.signal.aborted) break;
      }
    }
    if (!this.#closed) this.onclose({});
  }
}

class Line {
  #polling = false; #worked = false; #kept = false; #opening = 0;
  #socket = null; #ready = false; #tries = 0; #again = 0; #ackTimer = 0; #hold = 0; #inFlight = null; #toldTyping = 0;
  #token = null; #queue = [];

  /** `tell(event, detail)` hears of welcome, ack, typing, message, link, refused, notice, moved, idle, lost. */
  constructor(url, language, tell) {
    this.url = url;
    this.language = language;
    this.tell = tell;
    try { this.#token = sessionStorage.getItem(this.#key); } catch { /* storage is blocked: the token stays in memory */ }
    this.said = this.#kept = !!this.#token;
  }
  #http(name) { return this.url.replace(/^ws/, "http").replace(/socket$/, name); }
  get #key() { return "guidepost-chat " + this.url; }
  get ready() { return this.#ready; }
  get firstWaiting() { return this.#queue.length ? this.#queue[0].id : null; }
  isWaiting(id) { return this.#queue.some((frame) => frame.id === id); }

  start() {
    if (this.#socket) return;
    clearTimeout(this.#again);
    let socket;
    try {
      socket = this.#polling ? new Polling(this.#http("poll"), () => ({ session: this.#token, language: this.language })) : new WebSocket(this.url);
    } catch { // the page's policy forbids it
      this.#again = setTimeout(() => this.lost());
      return;
    }
    this.#socket = socket;
    this.#opening = setTimeout(() => this.lost(), OPEN_SECONDS * 1000);
    socket.onopen = () => this.hello(this.language);
    socket.onmessage = (event) => this.#socket === socket && this.#frame(JSON.parse(event.data));
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      if (event.code !== IDLE) return this.lost();
      this.stop(); // silent for so long that the line hung up: the next thing the person does connects again
      this.tell("idle");
    };
  }
  /** Ends the connection; what is unsent stays. */
  stop() {
    clearTimeout(this.#again);
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#hold);
    clearTimeout(this.#opening);
    const socket = this.#socket;
    this.#socket = this.#inFlight = null;
    this.#ready = false;
    if (socket) socket.close();
  }
  /** Forgets the chat: nothing of it stays in this browser. */
  forget() {
    this.stop();
    this.#queue = [];
    this.#token = null;
    this.said = this.#kept = false;
    try { sessionStorage.removeItem(this.#key); } catch { /* storage is blocked: nothing is in it */ }
  }
  send(frame) {
    this.#queue.push(frame);
    this.said = true;
    this.#keep();
    this.start();
    this.#pump();
  }
  /** Asks for a code to go on by text. */
  link() {
    if (this.#ready) this.#socket.send('{"type":"link"}');
  }
  /** Asks for the summary by e-mail. Resolves to {sent, text}: what the line says to it. */
  async mail(address) {
    const body = JSON.stringify({ session: this.#token, language: this.language, address });
    return (await fetch(this.#http("mail"), { method: "POST", body, credentials: "omit", referrerPolicy: "no-referrer" })).json();
  }
  get kept() { return this.#kept; }
  /** The person agrees that the chat's token stays in this tab, or does not. */
  keep(yes) {
    this.#kept = yes;
    this.#keep();
  }
  typing() {
    if (!this.#ready || !this.said || Date.now() - this.#toldTyping < 3000) return;
    this.#toldTyping = Date.now();
    this.#socket.send('{"type":"typing"}');
  }
  hello(language) {
    this.language = language;
    if (this.#socket && this.#socket.readyState === 1)
      this.#socket.send(JSON.stringify({ type: "hello", session: this.#token, language }));
  }
  /** The connection is gone (or as good as): tries again, later each time, not all pages at once. */
  lost() {
    const was = this.#ready;
    // No socket has ever got through, or none does any more: the other way is tried, in turns.
    if (!was && (!this.#worked || this.#tries > 3)) this.#polling = !this.#polling;
    this.stop();
    const wait = Math.min(LONGEST_WAIT, 500 * 2 ** this.#tries++) * (0.5 + Math.random());
    this.#again = setTimeout(() => this.start(), wait);
    this.tell("lost", { was, tries: this.#tries });
  }
  /** The network is back. */
  retry() {
    if (this.#ready) return;
    this.stop();
    this.start();
  }

  #keep() { // only where the person agreed
    try { if (this.#kept && this.#token) sessionStorage.setItem(this.#key, this.#token); } catch { /* in memory only */ }
  }
  #pump() {
    if (!this.#ready || this.#inFlight || !this.#queue.length) return;
    this.#inFlight = this.#queue[0];
    this.#socket.send(JSON.stringify(this.#inFlight));
    this.#ackTimer = setTimeout(() => this.lost(), ACK_SECONDS * 1000);
  }
  #landed() {
    const frame = this.#inFlight;
    this.#inFlight = null;
    clearTimeout(this.#ackTimer);
    return frame;
  }
  #done(id) {
    this.#queue = this.#queue.filter((frame) => frame.id !== id);
    if (this.#inFlight && this.#inFlight.id === id) this.#landed();
  }
  #frame(m) {
    if (m.type === "welcome") return this.#welcome(m);
    if (m.type === "error") return this.#error(m);
    if (m.type === "ack") this.#done(m.id);
    this.tell(m.type, m);
    this.#pump();
  }
  #welcome(m) {
    const known = m.session === this.#token, tries = this.#tries;
    this.#token = m.session;
    this.#keep();
    for (const { id } of m.messages) this.#done(id);
    clearTimeout(this.#opening);
    this.#ready = true;
    this.#worked ||= !this.#polling;
    this.#tries = 0;
    this.tell("welcome", { messages: m.messages, known, tries, mail: m.mail });
    this.#pump();
  }
  #error(m) {
    if (m.code === "moved") {
      this.forget();
      return this.tell("moved", m.text);
    }
    const frame = this.#landed();
    if (m.code === "hello_first") return this.lost();
    if (!frame) return this.tell("notice", m.text);
    if (m.code === "slow_down" || m.code === "unavailable") {
      clearTimeout(this.#hold);
      this.#hold = setTimeout(() => this.#pump(), m.code === "slow_down" ? 15000 : 3000);
      return this.tell("notice", m.text);
    }
    this.#done(frame.id);
    this.tell("refused", { id: frame.id, text: m.text });
    this.#pump();
  }
}
