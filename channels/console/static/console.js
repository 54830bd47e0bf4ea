// Live updates: the server says that something changed, the page's parts ask for themselves again (hx-trigger).
(() => {
  "use strict";
  const body = document.body;
  const person = new URLSearchParams(body.dataset.events.split("?")[1] || "").get("person");

  function listen() {
    const source = new EventSource(body.dataset.events);
    const news = (name) => () => body.dispatchEvent(new CustomEvent(name));
    source.addEventListener("queue", news("queue-news"));
    if (person) {
      source.addEventListener(`person-${person}`, news("person-news"));
      source.addEventListener("typing", news("client-typing"));
    }
    // The browser tries again by itself unless the server sent it away: signed out, or a proxy's error page.
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
    });
    window.addEventListener("pagehide", () => source.close(), { once: true });
  }

  // Moments in this computer's own zone. Appointments keep the program's.
  function local(root) {
    for (const time of root.querySelectorAll("time[data-local]")) {
      const at = new Date(time.dateTime);
      const today = at.toDateString() === new Date().toDateString();
      time.title = time.textContent;
      time.textContent = at.toLocaleString("en-US", {
        ...(today ? {} : { weekday: "short", day: "numeric", month: "short" }),
        hour: "numeric",
        minute: "2-digit",
      });
      time.removeAttribute("data-local");
    }
  }

  const log = document.getElementById("transcript");
  let atEnd = true;

  function toEnd() {
    if (log) log.scrollTop = log.scrollHeight;
  }

  // A link to a message shows it inside the conversation's own scroll box.
  function toMessage(hash) {
    const found = hash.startsWith("#m-") && document.getElementById(hash.slice(1));
    if (!found) return false;
    document.querySelectorAll(".found").forEach((old) => old.classList.remove("found"));
    found.classList.add("found");
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
    return true;
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="#m-"]');
    if (link && toMessage(link.hash)) event.preventDefault();
  });

  // A form that somebody is filling in is not replaced under their hands.
  document.addEventListener("input", (event) => {
    const part = event.target.closest && event.target.closest("#road");
    if (part) part.dataset.touched = "yes";
  });
  body.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.target;
    if (part.id === "road" && (part.dataset.touched || part.contains(document.activeElement) || part.querySelector("details[open]"))) {
      event.detail.shouldSwap = false;
      return;
    }
    if (event.target === log) atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  });
  let count = Number((document.getElementById("count") || { dataset: {} }).dataset.count || 0);
  body.addEventListener("htmx:afterSwap", (event) => {
    local(event.target);
    if (event.target === log && atEnd) toEnd();
    const counted = event.target.id === "queue" && document.getElementById("count");
    if (counted && Number(counted.dataset.count) !== count) {
      count = Number(counted.dataset.count);
      document.getElementById("news").textContent = `The queue has changed: ${count} shown.`;
    }
  });

  const text = document.getElementById("text");
  if (text) {
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) text.form.requestSubmit();
    });
  }

  local(document);
  if (!toMessage(location.hash)) toEnd();
  listen();
})();
