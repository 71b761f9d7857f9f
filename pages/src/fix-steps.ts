/** One step of what a person does, and the commands that go with it. */
export interface FixStep {
  readonly text: string;
  readonly commands: readonly string[];
}

/** A fix as the mesh says it, a step a line: numbers and bullets are dropped, and lines set in are commands of the step before. */
export function stepsOf(fix: string): readonly FixStep[] {
  const steps: { text: string; commands: string[] }[] = [];
  for (const line of fix.split("\n")) {
    const last = steps.at(-1);
    if (line.trim() === "") continue;
    if (/^\s{2}/.test(line) && last) last.commands.push(line.trim());
    else steps.push({ text: line.trim().replace(/^(?:[-*]|\d+[.)])\s+/, ""), commands: [] });
  }
  return steps;
}
