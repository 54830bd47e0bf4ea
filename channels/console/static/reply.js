// While a reply is written: its parts are counted as SMS counts them, a client on the web chat sees that somebody
// writes, and staff see when the client does.
(() => {
  "use strict";
  const form = document.getElementById("reply");
  const types = document.getElementById("types");
  let quiet = 0;
  document.body.addEventListener("client-typing", () => {
    types.textContent = types.dataset.words;
    clearTimeout(quiet);
    quiet = setTimeout(() => (types.textContent = ""), 6000);
  });
  document.body.addEventListener("person-news", () => (types.textContent = ""));
  if (!form) return;

  // As casework/delivery/sms_text.py counts: GSM 03.38, some characters take two places; others turn all to UCS-2.
  const BASIC = new Set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
  );
  const TWO = new Set("^{}\\[~]|€\f");
  const PLAIN = { "‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "−": "-", "…": "...",
    "\u00a0": " ", "•": "-", "·": "-", "«": '"', "»": '"', "\t": " " };
  const BARE = { á: "a", í: "i", ó: "o", ú: "u", Á: "A", Í: "I", Ó: "O", Ú: "U" };
  const swap = (text, table) => [...text].map((each) => table[each] ?? each).join("");

  function count(written) {
    let text = swap(written.trim(), PLAIN);
    const narrow = (given) => [...given].every((each) => BASIC.has(each) || TWO.has(each));
    if (!narrow(text) && narrow(swap(text, BARE))) text = swap(text, BARE);
    if (narrow(text)) {
      const units = [...text].reduce((sum, each) => sum + (TWO.has(each) ? 2 : 1), 0);
      return { units, parts: units <= 160 ? 1 : Math.ceil(units / 153), wide: false };
    }
    const units = text.length;
    return { units, parts: units <= 70 ? 1 : Math.ceil(units / 67), wide: true };
  }

  const text = document.getElementById("text");
  const parts = document.getElementById("parts");
  let told = 0;

  function show() {
    const { units, parts: number, wide } = count(text.value);
    const why = wide ? " (a sign in it needs the wide alphabet)" : "";
    parts.textContent = units ? `${units} characters, ${number} SMS part${number > 1 ? "s" : ""}${why}` : "";
    parts.classList.toggle("long", number > 2);
  }

  function tellTyping() {
    if (form.dataset.channel !== "web" || !text.value.trim() || Date.now() - told < 4000) return;
    told = Date.now();
    const sent = new URLSearchParams({ csrf: form.elements.csrf.value });
    fetch(form.dataset.typing, { method: "POST", body: sent, keepalive: true }).catch(() => undefined);
  }

  text.addEventListener("input", () => {
    show();
    tellTyping();
  });
  show();
})();
