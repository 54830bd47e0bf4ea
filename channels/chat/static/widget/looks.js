// The looks, as one adopted style sheet: it works under a Content-Security-Policy without inline style.
const CSS = `
:host{--a:var(--guidepost-accent,#0b5a6b);--at:var(--guidepost-accent-text,#fff);--h:var(--a);--ht:var(--at);--bg:#fff;--fg:#1d2733;--soft:#eef2f1;--quiet:#51606f;--line:#c3ccca;--warn:#fdf3d8;--warnfg:#4a3500;--bad:#9b1c1c;--focus:#0b57d0;
color-scheme:light;font:1rem/1.5 var(--guidepost-font,system-ui,sans-serif);color:var(--fg)}
:host([theme=dark]){--a:var(--guidepost-accent,#7fd0de);--at:var(--guidepost-accent-text,#06262d);--h:var(--guidepost-accent,#17444f);--ht:var(--guidepost-accent-text,#eaf7f9);--bg:#1b2127;--fg:#e7ecef;--soft:#2a333b;--quiet:#b1bdc5;--line:#4c5a64;--warn:#3a3013;--warnfg:#ffe9ad;--bad:#ffb4ab;--focus:#a8c7fa;color-scheme:dark}
@media (prefers-color-scheme:dark){:host(:not([theme=light])){--a:var(--guidepost-accent,#7fd0de);--at:var(--guidepost-accent-text,#06262d);--h:var(--guidepost-accent,#17444f);--ht:var(--guidepost-accent-text,#eaf7f9);--bg:#1b2127;--fg:#e7ecef;--soft:#2a333b;--quiet:#b1bdc5;--line:#4c5a64;--warn:#3a3013;--warnfg:#ffe9ad;--bad:#ffb4ab;--focus:#a8c7fa;color-scheme:dark}}
*{box-sizing:border-box}
[hidden]{display:none!important}
button,textarea,input{font:inherit;color:inherit}
button{cursor:pointer;min-height:2.5rem;min-width:2.5rem;border-radius:1.25rem;border:1px solid var(--line);background:var(--bg);padding:.25rem .9rem}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.vh{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.launch{position:fixed;bottom:1rem;inset-inline-end:1rem;z-index:var(--guidepost-z,2147483000);display:flex;align-items:center;gap:.5rem;min-height:3.25rem;border-radius:1.7rem;border-color:transparent;background:var(--a);color:var(--at);font-weight:600;padding:.5rem 1.25rem;box-shadow:0 2px 10px #0005}
.launch svg{width:1.5rem;height:1.5rem;fill:currentColor}
.badge{background:var(--at);color:var(--a);border-radius:1rem;min-width:1.5rem;padding:0 .4rem;text-align:center}
:host([position=left]) .launch,:host([position=left]) .panel{inset-inline:1rem auto}
.panel{position:fixed;bottom:1rem;inset-inline-end:1rem;z-index:var(--guidepost-z,2147483000);width:min(25rem,100vw - 2rem);height:min(40rem,100dvh - 2rem);display:flex;flex-direction:column;background:var(--bg);border:1px solid var(--line);border-radius:1rem;overflow:hidden auto;box-shadow:0 6px 30px #0004}
:host([position=inline]){display:block;height:100%;min-height:24rem}
:host([position=inline]) .panel{position:static;width:100%;height:100%;box-shadow:none}
@media (max-width:30rem),(max-height:30rem){:host(:not([position=inline])) .panel{inset:0!important;width:auto;height:auto;border:0;border-radius:0}}
header{display:flex;align-items:center;flex-wrap:wrap;gap:.4rem;padding:.5rem .5rem .5rem 1rem;background:var(--h);color:var(--ht)}
h2{font-size:1.1rem;margin:0;flex:1 1 6rem;overflow-wrap:anywhere}
header button{background:transparent;color:inherit;border-color:currentColor;padding:.25rem .75rem}
header .x{padding:0;border-color:transparent;font-size:1.4rem;line-height:1}
header :focus-visible{outline-color:currentColor}
.crisis,.banner{margin:0;padding:.45rem 1rem;background:var(--warn);color:var(--warnfg);font-size:.9rem}
.crisis{border-bottom:1px solid var(--line);font-weight:600}
.banner{border-top:1px solid var(--line)}
.more,.keep{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:0;padding:.5rem 1rem;background:var(--soft);border-bottom:1px solid var(--line);font-size:.9rem}
.more p,.keep p{margin:0;flex:1 1 100%}
.keep{border:0;border-top:1px solid var(--line)}
.code{display:block;white-space:nowrap;font:700 1.4rem/1.4 ui-monospace,monospace;letter-spacing:.08em;user-select:all}
a{color:inherit;overflow-wrap:anywhere}
.m a{display:inline-block;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom}
.log{flex:1 1 auto;min-height:6rem;overflow-y:auto;padding:.75rem 1rem;display:flex;flex-direction:column;gap:.6rem;overscroll-behavior:contain}
.log:focus-visible{outline-offset:-3px}
.m{max-width:88%;align-self:flex-start}
.m p{margin:0;max-width:100%;padding:.5rem .8rem;border-radius:1rem;border-end-start-radius:.25rem;background:var(--soft);white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid transparent;display:inline-block}
.m.client{align-self:flex-end;text-align:end}
.m.client p{background:var(--h);color:var(--ht);border-end-start-radius:1rem;border-end-end-radius:.25rem;text-align:start}
.m.person p{border-color:var(--a)}
.m.system{align-self:center}
.m.system p{background:none;color:var(--quiet);border-color:var(--line);border-radius:1rem}
.who{display:block;font-size:.85rem;color:var(--quiet)}
.state{display:block;font-size:.85rem;color:var(--quiet)}
.state.bad{color:var(--bad)}
.choices{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.5rem}
.choices button{border-color:var(--a);color:var(--fg);text-align:start}
.choices button:hover{background:var(--soft)}
.typing{margin:0;padding:0 1rem .5rem;color:var(--quiet);font-size:.9rem}
.typing::before{content:"";display:inline-block;width:.55rem;height:.55rem;border-radius:50%;background:var(--a);margin-inline-end:.5rem;animation:b 1.2s infinite alternate}
@keyframes b{from{opacity:.2}}
form{display:flex;gap:.5rem;align-items:flex-end;padding:.6rem .75rem;border-top:1px solid var(--line)}
textarea,input{flex:1;min-width:0;resize:none;min-height:2.75rem;max-height:9rem;field-sizing:content;padding:.55rem .8rem;border:1px solid var(--quiet);border-radius:1.2rem;background:var(--bg)}
textarea::placeholder{color:var(--quiet);opacity:1}
.more form{flex:1 1 100%;flex-wrap:wrap;align-items:center;gap:.4rem .5rem;padding:0;border:0}
.more label{flex:1 1 100%;font-weight:600}
.more input{flex:1 1 9rem}
.more form:not([hidden])~p:last-child,.more:not([hidden])~.keep{display:none}
form button{background:var(--a);color:var(--at);border-color:transparent;font-weight:600;min-height:2.75rem}
@media (prefers-reduced-motion:reduce){*{animation:none!important;scroll-behavior:auto!important}}
@media (prefers-contrast:more){:host{--quiet:var(--fg);--line:var(--fg)}}
@media (forced-colors:active){.m p,button,.badge{border:1px solid CanvasText}}
`;

