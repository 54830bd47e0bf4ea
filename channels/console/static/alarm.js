// While a crisis alarm is open: a short sound every ten seconds and a flashing title. The sound can be switched off.
(() => {
  "use strict";
  const KEY = "guidepost-sound";
  const plainTitle = document.title;
  const button = document.getElementById("sound");
  let speaker = null;
  let open = 0;
  let flash = null;
  let ring = null;

  const wanted = () => localStorage.getItem(KEY) !== "off";

  function show() {
    button.hidden = false;
    button.setAttribute("aria-pressed", String(wanted()));
    button.textContent = wanted() ? "Alarm sound: on" : "Alarm sound: off";
  }

  // Browsers let a page make a sound only after somebody has touched it.
  function ready() {
    speaker = speaker || new AudioContext();
    if (speaker.state === "suspended") speaker.resume();
  }

  function tone(at, pitch) {
    const voice = speaker.createOscillator();
    const volume = speaker.createGain();
    voice.frequency.value = pitch;
    volume.gain.setValueAtTime(0.0001, at);
    volume.gain.exponentialRampToValueAtTime(0.2, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
    voice.connect(volume).connect(speaker.destination);
    voice.start(at);
    voice.stop(at + 0.32);
  }

  function beep() {
    if (!wanted() || !speaker || speaker.state !== "running") return;
    tone(speaker.currentTime, 660);
    tone(speaker.currentTime + 0.35, 880);
  }

  function look() {
    const list = document.querySelector("[data-alarms]");
    const now = list ? Number(list.dataset.alarms) : 0;
    if (now > open) beep();
    open = now;
    if (open && !ring) {
      ring = setInterval(beep, 10000);
      flash = setInterval(() => {
        const warning = `▲ ${open} crisis alarm${open > 1 ? "s" : ""}`;
        document.title = document.title === plainTitle ? warning : plainTitle;
      }, 1500);
    } else if (!open && ring) {
      clearInterval(ring);
      clearInterval(flash);
      ring = flash = null;
      document.title = plainTitle;
    }
  }

  button.addEventListener("click", () => {
    localStorage.setItem(KEY, wanted() ? "off" : "on");
    show();
    ready();
    beep();
  });
  document.addEventListener("pointerdown", ready, { once: true });
  document.addEventListener("keydown", ready, { once: true });
  document.body.addEventListener("htmx:afterSwap", look);
  show();
  look();
})();
