// Ready-made replies: chosen from the list, or typed as /name and Tab, they go into the reply at the cursor.
(() => {
  "use strict";
  const box = document.getElementById("text");
  if (!box) return;

  function put(words, from, to) {
    box.setRangeText(words, from, to, "end");
    box.focus();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    const news = document.getElementById("news");
    if (news) news.textContent = "The reply was put in. Read it before you send it.";
  }

  document.addEventListener("change", (event) => {
    const list = event.target;
    if (list.id !== "ready-made" || !list.value) return;
    const at = box.selectionEnd;
    const gap = at && !/\s$/.test(box.value.slice(0, at)) ? " " : "";
    put(gap + list.value, at, at);
    list.value = "";
  });

  box.addEventListener("keydown", (event) => {
    if (event.key !== "Tab" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    const typed = /(?:^|\s)\/([a-z][a-z0-9-]*)$/i.exec(box.value.slice(0, box.selectionEnd));
    const list = document.getElementById("ready-made");
    if (!typed || !list) return;
    const wanted = [...list.options].find(
      (option) => option.dataset.first === "yes" && option.dataset.code === typed[1].toLowerCase(),
    );
    if (!wanted) return;
    event.preventDefault();
    put(wanted.value, box.selectionEnd - typed[1].length - 1, box.selectionEnd);
  });
})();
