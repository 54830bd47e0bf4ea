// Small tools.
/** An element: h("button", {class: "x", onclick: f}, "text", child). */
function h(tag, attributes, ...children) {
  const svg = tag === "svg" || tag === "path";
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {}))
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  element.append(...children);
  return element;
}
function uuid() { // crypto.randomUUID is missing on plain http
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  return [...b].map((x, i) => ([4, 6, 8, 10].includes(i) ? "-" : "") + x.toString(16).padStart(2, "0")).join("");
}
/** Web addresses and phone numbers of a text as links. */
function linked(text) {
  const parts = [];
  let at = 0;
  for (const m of text.matchAll(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]|(?<![\d-])(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)/g)) {
    const link = m[0].startsWith("http")
      ? h("a", { href: m[0], target: "_blank", rel: "noopener noreferrer" }, m[0])
      : h("a", { href: "tel:" + m[0].replace(/[^\d+]/g, "") }, m[0]);
    parts.push(text.slice(at, m.index), link);
    at = m.index + m[0].length;
  }
  return [...parts, text.slice(at)];
}

