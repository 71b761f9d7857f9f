/** What somebody wants to do here: run the local mesh, host a runner, operate a mesh, deploy one. */
export const purposes = ["start", "runner", "operate", "deploy"] as const;
export type Purpose = (typeof purposes)[number];

/** What the doctor found of one prerequisite. */
export interface Finding {
  /** Stable, kebab-case. */
  readonly name: string;
  readonly group: "this machine" | "settings" | "mesh";
  /** `warning`: it works, but not for long, or not as well. `skipped`: could not be looked at, since something before it is missing. */
  readonly status: "ok" | "missing" | "warning" | "skipped";
  /** What is there, or what is wrong. */
  readonly detail: string;
  /** Commands that mend it, or where to get it; empty when nothing is to be done. */
  readonly fix: readonly string[];
  readonly neededFor: readonly Purpose[];
}

/** The parts that stay the same for one prerequisite. */
export type Subject = Pick<Finding, "name" | "group" | "neededFor">;

export function fine(subject: Subject, detail: string): Finding {
  return { ...subject, status: "ok", detail, fix: [] };
}

export function missing(subject: Subject, detail: string, ...fix: readonly string[]): Finding {
  return { ...subject, status: "missing", detail, fix };
}

export function warning(subject: Subject, detail: string, ...fix: readonly string[]): Finding {
  return { ...subject, status: "warning", detail, fix };
}

export function skipped(subject: Subject, detail: string): Finding {
  return { ...subject, status: "skipped", detail, fix: [] };
}
