/** The reply page's own style: one column, light and dark, the system's font. */
export const replyStyle = `
:root{color-scheme:light dark;--back:#f4f5f7;--card:#fff;--text:#1c1e21;--soft:#596069;--line:#c9ced6;--accent:#1f5f4f;--on:#fff;--bad:#a3211a}
@media (prefers-color-scheme:dark){:root{--back:#131416;--card:#1e2023;--text:#ececee;--soft:#a9afb8;--line:#42464d;--accent:#84cdb8;--on:#10201b;--bad:#ffb4ab}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{max-width:36rem;margin:0 auto;padding:1rem}
h1{font-size:1.25rem;line-height:1.3;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1rem;margin:0 0 .25rem}
p{margin:0 0 .75rem;overflow-wrap:anywhere}
a{color:var(--accent)}
.soft,small{color:var(--soft)}
.said{white-space:pre-wrap;overflow-wrap:anywhere}
section,fieldset,details{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:.75rem 1rem;margin:0 0 1rem;min-width:0}
legend{float:left;width:100%;font-weight:600;padding:0 0 .5rem}
legend+*{clear:both}
summary{min-height:2.75rem;padding:.5rem 0;cursor:pointer}
.choice{display:flex;gap:.75rem;align-items:flex-start;min-height:2.75rem;padding:.5rem 0;cursor:pointer}
.choice input{flex:none;width:1.25rem;height:1.25rem;margin:.15rem 0;accent-color:var(--accent)}
.choice small{display:block}
textarea{display:block;width:100%;min-height:6rem;font:inherit;color:inherit;background:var(--back);border:1px solid var(--soft);border-radius:.5rem;padding:.5rem}
button{font:inherit;font-weight:600;width:100%;min-height:3rem;padding:.5rem 1rem;border:2px solid var(--accent);border-radius:.75rem;background:var(--accent);color:var(--on);cursor:pointer}
form>button{margin:0 0 1rem}
button.other{background:none;color:var(--accent)}
.fault{border:2px solid var(--bad);color:var(--bad)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`;
