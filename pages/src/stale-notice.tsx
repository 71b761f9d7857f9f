import type { JSX } from "preact";
import { liveState, staleSince } from "./mesh-store.ts";
import { now, renderClock } from "./when.tsx";

/** Says since when what is shown may be old, as long as that is so; nothing otherwise. */
export function StaleNotice(): JSX.Element | null {
  const since = staleSince.value;
  if (since === undefined) return null;
  const clock = renderClock(since, Math.max(now.value, since));
  return (
    <p role="status" class="notice">
      {liveState.value === "live"
        ? `Connected again; what is shown may be old (from ${clock}) until everything has been fetched anew.`
        : `Not connected since ${clock}: what is shown may be old. It is tried again all the time.`}
    </p>
  );
}
