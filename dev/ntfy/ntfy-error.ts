import type { ContentfulStatusCode } from "hono/utils/http-status";

const DOCS = "https://ntfy.sh/docs";

/** What ntfy refuses with: https://github.com/binwiederhier/ntfy/blob/main/server/errors.go */
const KNOWN = {
  "delay-unparsable": [40004, 400, "invalid delay parameter: unable to parse delay", `${DOCS}/publish/#scheduled-delivery`],
  "delay-too-small": [40005, 400, "invalid delay parameter: too small, please refer to the docs", `${DOCS}/publish/#scheduled-delivery`],
  "delay-too-large": [40006, 400, "invalid delay parameter: too large, please refer to the docs", `${DOCS}/publish/#scheduled-delivery`],
  "priority-invalid": [40007, 400, "invalid priority parameter", `${DOCS}/publish/#message-priority`],
  "since-invalid": [40008, 400, "invalid since parameter", `${DOCS}/subscribe/api/#fetch-cached-messages`],
  "topic-invalid": [40009, 400, "invalid request: topic invalid", ""],
  "attach-url-invalid": [40013, 400, "invalid request: attachment URL is invalid", `${DOCS}/publish/#attachments`],
  "json-invalid": [40017, 400, "invalid request: request body must be message JSON", `${DOCS}/publish/#publish-as-json`],
  "actions-invalid": [40018, 400, "invalid request: actions invalid", `${DOCS}/publish/#action-buttons`],
  "icon-url-invalid": [40021, 400, "invalid request: icon URL is invalid", `${DOCS}/publish/#icons`],
  "sequence-id-invalid": [40049, 400, "invalid request: sequence ID invalid", ""],
  unauthorized: [40101, 401, "unauthorized", `${DOCS}/publish/#authentication`],
  forbidden: [40301, 403, "forbidden", `${DOCS}/publish/#authentication`],
  "not-found": [40401, 404, "page not found", ""],
  "attachment-too-large": [41301, 413, "attachment too large, or bandwidth limit reached", `${DOCS}/publish/#limitations`],
  "json-too-large": [41303, 413, "JSON body too large", ""],
} as const satisfies Record<string, readonly [number, ContentfulStatusCode, string, string]>;

/** A refusal as ntfy writes it: `{code, http, error, link}`. */
export class NtfyError extends Error {
  readonly status: ContentfulStatusCode;
  readonly json: { code: number; http: number; error: string; link?: string };
  constructor(reason: keyof typeof KNOWN, detail = "") {
    const [code, http, error, link] = KNOWN[reason];
    const text = detail === "" ? error : `${error}, ${detail}`;
    super(text);
    this.status = http;
    this.json = { code, http, error: text, ...(link === "" ? {} : { link }) };
  }
}
