import type { Command } from "commander";
import { cleanLine } from "../clean-text.ts";
import { meshVerb, onMesh } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { agentId, wholeNumber } from "../parse.ts";
import { testAgent } from "./test-agent.ts";
import type { CheckResult } from "./test-agent.ts";

interface TestFlags {
  readonly reply: number;
  readonly reconnect: number;
  readonly life: number;
}

/** `mesh agents test`: whether an agent does what the protocol asks of it. */
export function addAgentTest(group: Command): void {
  meshVerb(group, "test", "whether an agent does what the protocol asks; costs nothing and touches nothing")
    .argument("<id>", "the agent; it has to offer mesh.probe", agentId)
    .option("--reply <seconds>", "how long it may take for what it does at once", wholeNumber(1, 600), 10)
    .option("--reconnect <seconds>", "how long it may take to come back after a cut", wholeNumber(1, 600), 60)
    .option("--life <seconds>", "how long it may be silent", wholeNumber(1, 600), 40)
    .action(
      onMesh(async ({ api, out }, id: string, { reply, reconnect, life }: TestFlags) => {
        const mesh = {
          agent: () => api.agent(id),
          act: (action: object) => api.probeAgent(id, action),
          entries: async (after: number, waitS: number) => (await api.probedEntries(id, { after, wait: waitS })).items,
        };
        const { green, red, dim } = out.colours;
        const marks = { passed: green("pass"), failed: red("fail"), skipped: dim("skip") };
        const show = ({ check, result, why }: CheckResult) => {
          if (!out.json) out.line(`${marks[result]}  ${check}${why === null ? "" : `: ${cleanLine(why)}`}`);
        };
        const results = await testAgent(mesh, { replyMs: reply * 1_000, reconnectMs: reconnect * 1_000, lifeMs: life * 1_000 }, show);
        const count = (result: CheckResult["result"]) => results.filter((one) => one.result === result).length;
        const passed = count("failed") === 0;
        out.answer({ agent: id, passed, checks: results }, () => {
          out.line();
          out.line(passed ? `${id} passed.` : `${id} failed ${count("failed")} of ${results.length} checks.`);
        });
        if (!passed) process.exitCode = exitCodes.failed;
      }),
    );
}
