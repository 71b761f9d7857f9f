import type { FailureKind } from "../../core/task/state.ts";
import type { Moment } from "../../core/time.ts";

export interface AgentFailure {
  readonly kind: FailureKind;
  readonly message: string;
  readonly until?: Moment;
}

const longest = 8 * 86_400_000;
const quota =
  /\b(?:429|rate.?limit(?:ed|s)?|hit your [\w -]*limit|usage limit|quota|insufficient.(?:credit|quota|balance)|credit balance|resource.?exhausted|too many requests|limit reached)\b/i;
const login =
  /\b(?:401|403|unauthori[sz]ed|unauthenticated|authentication|auth.required|invalid (?:api|x-api).key|not logged in|log ?in (?:first|again|to)|api key (?:not|is)|permission.denied)\b/i;
const wrong = /\b(?:model.not.found|unknown model|invalid.request|unknown option|not configured)\b/i;

const durationForm =
  /(?:try again|retry|resets?|retry.?delay|retry-after)["':]*\s*(?:in|after)?["':\s]*((?:\d+(?:\.\d+)?\s*(?:ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])[\s,]*)+)/i;

/** The kind of failure that an agent's words tell of, when it has none of its own for it; `infrastructure` when they tell nothing. */
export function failureOfWords(said: string, at: Moment): AgentFailure {
  const message = said.slice(0, 4_000);
  if (quota.test(said)) return { kind: "quota", message, ...untilInWords(said, at) };
  if (login.test(said)) return { kind: "authentication", message };
  if (wrong.test(said)) return { kind: "configuration", message };
  return { kind: "infrastructure", message };
}

/**
 * When a limit is over, from what a provider says: `limit reached|1764230400` (Claude), `Please try again in 6m12s` (OpenAI), `retry after 30 s`,
 * `"retryDelay": "37s"` (Google), `resets 2:44am (UTC)` (Claude), or an ISO 8601 time with its zone. A time of day in no zone says too little. Of times that have
 * passed, or are more than 8 days away, nothing is believed.
 */
export function untilInWords(said: string, at: Moment): { until?: Moment } {
  const until = epochIn(said) ?? isoIn(said) ?? clockIn(said, at) ?? durationIn(said, at);
  return until !== undefined && until > at && until <= at + longest ? { until: Math.ceil(until) } : {};
}

function epochIn(said: string): Moment | undefined {
  const [, digits] = /\|(\d{10}|\d{13})\b/.exec(said) ?? /\breset(?:s|sAt|s_at|_at)?["':= ]+(\d{10}|\d{13})\b/i.exec(said) ?? [];
  if (digits === undefined) return undefined;
  return digits.length === 10 ? Number(digits) * 1_000 : Number(digits);
}

function isoIn(said: string): Moment | undefined {
  const [text] = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})/.exec(said) ?? [];
  const parsed = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** The next such time of day. */
function clockIn(said: string, at: Moment): Moment | undefined {
  const [, hours, minutes = "00", half] = /\bresets (?:at )?(\d{1,2})(?::(\d{2}))?\s*([ap]m) \(UTC\)/i.exec(said) ?? [];
  if (hours === undefined || Number(hours) > 12 || Number(minutes) > 59) return undefined;
  const hour = (Number(hours) % 12) + (half?.toLowerCase() === "pm" ? 12 : 0);
  const midnight = Math.floor(at / 86_400_000) * 86_400_000;
  const today = midnight + hour * 3_600_000 + Number(minutes) * 60_000;
  return today > at ? today : today + 86_400_000;
}

function durationIn(said: string, at: Moment): Moment | undefined {
  const [, text] = durationForm.exec(said) ?? [];
  if (text === undefined) return undefined;
  let sum = 0;
  for (const [, count = "0", unit = "s"] of text.matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhd])/gi))
    sum += Number(count) * (units[unit.toLowerCase()] ?? 0);
  return at + sum;
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
