import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { NtfyAction, NtfyEvent } from "./message.ts";

const STYLE = `
:root { color-scheme: light dark; --back: #f2f3f5; --card: #fff; --text: #1d1f23; --soft: #5c6370; --line: #d9dce1; --accent: #2f6f5e; --urgent: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --back: #121316; --card: #1e2024; --text: #ececee; --soft: #a3a9b5; --line: #34373d; --accent: #7cc6b1; --urgent: #f2b8b5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 400px; min-height: 100vh; padding: 16px; background: var(--back); color: var(--text); font: 16px/1.45 system-ui, sans-serif; }
h1 { font-size: 17px; margin: 0 0 12px; overflow-wrap: anywhere; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 12px 14px; margin: 0 0 12px; }
article.urgent { border-left: 4px solid var(--urgent); }
header { display: flex; justify-content: space-between; gap: 8px; color: var(--soft); font-size: 13px; }
h2 { font-size: 16px; margin: 4px 0; }
p { margin: 4px 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; }
button, .link { font: inherit; min-height: 44px; padding: 8px 14px; border: 0; border-radius: 22px; background: none; color: var(--accent); font-weight: 600; text-decoration: none; cursor: pointer; }
button:focus-visible, .link:focus-visible { outline: 2px solid var(--accent); }
button:disabled { opacity: .5; }
output { display: block; font-size: 14px; color: var(--soft); overflow-wrap: anywhere; }
.none { color: var(--soft); text-align: center; margin-top: 40vh; }`;

const SCRIPT = `
const refresh = async () => {
  const page = new DOMParser().parseFromString(await (await fetch(location.href, { headers: { accept: "text/html" } })).text(), "text/html");
  document.querySelector("main").replaceWith(page.querySelector("main"));
};
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button) return;
  button.disabled = true;
  const { topic, id, action } = button.dataset;
  const response = await fetch("/__tap", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ topic, id, action }) });
  const result = await response.json();
  if (result.value && navigator.clipboard) await navigator.clipboard.writeText(result.value);
  button.disabled = false;
  if (result.cleared) return refresh();
  button.closest("article").querySelector("output").textContent = result.label + (result.ok ? ": sent" : ": failed " + (result.status ?? "") + " " + (result.answer ?? ""));
});
const events = new EventSource(location.pathname + "/sse");
for (const type of ["message", "message_clear", "message_delete"]) events.addEventListener(type, refresh);`;

function button(message: NtfyEvent, action: NtfyAction): HtmlEscapedString | Promise<HtmlEscapedString> {
  if (action.action === "view")
    return html`<a class="link" href="${action.url ?? "#"}" data-action="${action.id}" target="_blank" rel="noopener">${action.label}</a>`;
  return html`<button type="button" data-topic="${message.topic}" data-id="${message.id}" data-action="${action.id}">
    ${action.label}
  </button>`;
}

function card(message: NtfyEvent): HtmlEscapedString | Promise<HtmlEscapedString> {
  const time = new Date(message.time * 1000);
  return html`<article
    class="${(message.priority ?? 3) >= 4 ? "urgent" : ""}"
    data-message="${message.id}"
    data-sequence="${message.sequence_id ?? ""}"
  >
    <header>
      <span>${message.tags?.join(" ") ?? message.topic}</span
      ><time datetime="${time.toISOString()}">${time.toISOString().slice(11, 16)}</time>
    </header>
    ${message.title ? html`<h2>${message.title}</h2>` : ""}
    <p>${message.message ?? ""}</p>
    ${message.attachment ? html`<p><a class="link" href="${message.attachment.url}">${message.attachment.name}</a></p>` : ""}
    ${message.click ? html`<p><a class="link" href="${message.click}" target="_blank" rel="noopener">Open</a></p>` : ""}
    <div class="buttons">${message.actions?.map((action) => button(message, action)) ?? ""}</div>
    <output aria-live="polite"></output>
  </article>`;
}

/** The notifications of a topic as a phone shows them, with buttons that can be tapped; it follows new ones by itself. */
export function renderPhonePage(topic: string, messages: readonly NtfyEvent[]): HtmlEscapedString | Promise<HtmlEscapedString> {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Notifications of ${topic}</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <h1>${topic}</h1>
        <main>${messages.length > 0 ? messages.map(card) : html`<p class="none">No notifications</p>`}</main>
        <script>
          ${raw(SCRIPT)};
        </script>
      </body>
    </html>`;
}
