import type { AgentView } from "../../core/pool/views.ts";

/** What keeps an agent from work or makes its work fail, and what to do about it. */
export interface Trouble {
  readonly why: string;
  readonly mend: string;
  /** It is meant to be so. */
  readonly meant?: true;
}

/** So many failures one after the other are more than bad luck. */
const manyInRow = 3;

/** Everything that is wrong with an agent, the worst first; nothing when it is well. */
export function troublesOf({ status, health, refusal, capabilities }: AgentView): readonly Trouble[] {
  const failing = health.filter(({ ok }) => ok === false).map(({ name }) => name);
  const failed = capabilities.filter(({ failedInRow }) => failedInRow >= manyInRow);
  return [
    refusal && { why: `refused: ${refusal.because}`, mend: "Bring both to one version and start it again." },
    status === "offline" && {
      why: "not heard of",
      mend: "Is its machine up and online? Start it there again; mesh doctor says what it lacks.",
    },
    failing.length > 0 && {
      why: `${failing.join(", ")} ${failing.length === 1 ? "does" : "do"} not answer well`,
      mend: "What needs that gets no work until it answers.",
    },
    failed.length > 0 && {
      why: `failed lately: ${failed.map(({ name, failedInRow }) => `${name}, the last ${failedInRow}`).join("; ")}`,
      mend: "Its failed tasks say of what.",
    },
    status === "degraded" &&
      failing.length === 0 && { why: "silent for a while", mend: "If it stays so it gets no work: look at its network." },
    status === "draining" && { why: "gets no new work", mend: "It was drained; its page gives it work again.", meant: true as const },
  ].flatMap((trouble) => trouble || []);
}
