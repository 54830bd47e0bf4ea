// The demo's phone: shows one number's texts as they come, and sends what is typed.
(() => {
  "use strict";
  const find = (id) => document.getElementById(id);
  const phone = find("phone"), thread = find("thread"), input = find("text"), number = find("number");
  const WORDS = {
    en: { parts: (n) => (n === 1 ? "1 part" : `${n} parts`), you: "You: ", line: "The line: ", away: "The line does not answer. Trying again…",
      queued: "sending", accepted: "sending", sent: "sent", delivered: "delivered", received: "sent", failed: "not sent" },
    es: { parts: (n) => (n === 1 ? "1 parte" : `${n} partes`), you: "Usted: ", line: "La línea: ", away: "La línea no responde. Intentando de nuevo…",
      queued: "enviando", accepted: "enviando", sent: "enviado", delivered: "entregado", received: "enviado", failed: "no enviado" },
  };
  const words = WORDS[phone.dataset.language];
  let socket, again, shown = new Map();

  function show(text) {
    let item = shown.get(text.sid);
    if (!item) {
      item = document.createElement("div");
      item.className = text.from === "phone" ? "sms phone-side" : "sms";
      const who = document.createElement("span"), body = document.createElement("p");
      who.className = "hidden";
      who.textContent = text.from === "phone" ? words.you : words.line;
      body.textContent = text.text;
      body.dir = "auto";
      item.append(who, body, document.createElement("small"));
      shown.set(text.sid, item);
      thread.append(item);
    }
    item.querySelector("small").textContent = `${words.parts(text.parts)} · ${words[text.status] || text.status}`;
    thread.scrollTop = thread.scrollHeight;
  }
  function problem(text) {
    find("problem").textContent = text || "";
    find("problem").hidden = !text;
  }
  function connect() {
    clearTimeout(again);
    const url = new URL("/demo/phone/socket", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("number", phone.dataset.number);
    const mine = (socket = new WebSocket(url));
    mine.onmessage = (event) => {
      if (mine !== socket) return;
      const news = JSON.parse(event.data);
      if (news.type === "phone") {
        thread.replaceChildren();
        shown = new Map();
        news.texts.forEach(show);
        problem();
      } else show(news);
      find("stopped").hidden = !news.stopped;
    };
    mine.onclose = () => {
      if (mine !== socket) return;
      problem(words.away);
      again = setTimeout(connect, 1000 + Math.random() * 1000);
    };
  }
  function use(chosen) {
    phone.dataset.number = number.value = chosen;
    try { sessionStorage.setItem("demo-phone", chosen); } catch { /* the page works without */ }
    if (socket) { const old = socket; socket = null; old.close(); }
    connect();
    input.focus();
  }
  async function post(path, body) {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) throw new Error(typeof told.error === "string" ? told.error : words.failed);
    return told;
  }
  find("compose").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    problem();
    try { await post("/demo/phone/send", { number: phone.dataset.number, text }); } catch (error) { problem(error.message); }
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    find("compose").requestSubmit();
  });
  find("numbers").addEventListener("submit", (event) => {
    event.preventDefault();
    use(number.value);
  });
  find("fresh").addEventListener("click", async () => {
    try { use((await post("/demo/phone/new")).number); } catch (error) { problem(error.message); }
  });
  let kept = null;
  try { kept = sessionStorage.getItem("demo-phone"); } catch { /* the page works without */ }
  if (kept) phone.dataset.number = number.value = kept;
  connect();
})();
