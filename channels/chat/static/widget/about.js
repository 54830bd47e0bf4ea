/* Guidepost's web chat: one custom element, no dependencies.

   <script src="https://your-line.example/chat/widget.js" defer></script>
   <guidepost-chat></guidepost-chat>

   Attributes: language (en, es; else the page's), agency, heading, greeting, position (right, left, inline),
   theme (light, dark), accent, accent-text (colours), exit-url, server (where the line runs; else this file's origin).
   Custom properties: --guidepost-accent, --guidepost-accent-text, --guidepost-font, --guidepost-z.
   Methods: open(), close(), send(text), quickExit(). Events: guidepost-open, guidepost-close,
   guidepost-message {id, from}, guidepost-connection {connected}. They never carry what was said.

   Kept in the browser: nothing, unless the person agrees; then the chat's token, in sessionStorage, until the tab is
   closed or the person leaves by the exit button. Nothing else, nowhere else. */
