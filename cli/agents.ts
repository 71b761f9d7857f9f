import type { Command } from "commander";
import type { AgentView, ScoreView } from "../core/pool/views.ts";
import { addAgentHistory } from "./agent-history.ts";
import { addAgentTest } from "./agent-test/verb.ts";
import type { AgentGrantRequest, AgentTokenView } from "./answers.ts";
import { collect, meshVerb, onMesh, verbGroup } from "./command.ts";
import { usage } from "./failure.ts";
import type { Colours } from "./output.ts";
import { agentId } from "./parse.ts";
import { relative, shortWhen, when } from "./when.ts";

interface GrantFlags {
  readonly capability?: string[];
  readonly project?: string[];
  readonly allProjects?: true;
  readonly anyCapability?: true;
}

/** `mesh agents`: who takes tasks, what their tokens allow, and taking both away. */
export function addAgents(program: Command): void {
  const group = verbGroup(program, "agents", "agents, their scores and their tokens");
  meshVerb(group, "list", "every agent with its state").action(
    onMesh(async ({ api, out }) => {
      const page = await api.agents();
      out.answer(page, () =>
        out.table(
          page.items,
          [
            { head: "agent", of: ({ id }) => id },
            { head: "status", of: ({ status }) => status, paint: (text, { status }) => statusColour(status, out.colours)(text) },
            { head: "kind", of: ({ kind }) => kind, drop: 3 },
            { head: "slots", of: ({ slots, kind }) => (kind === "built-in" ? "" : String(slots)), align: "right", drop: 2 },
            { head: "capabilities", of: capabilitiesText, least: 16 },
            { head: "last contact", of: ({ lastContactAt, kind }) => (kind === "built-in" ? "" : relative(lastContactAt)) },
            { head: "version", of: ({ metadata }) => metadata["version"] ?? "", drop: 1 },
          ],
          "No agent has registered. mesh agents token <id> makes a token, mesh runner starts one.",
        ),
      );
    }),
  );
  meshVerb(group, "show", "one agent, and what its mailbox knows")
    .argument("<id>", "the agent", agentId)
    .action(
      onMesh(async ({ api, out }, id: string) => {
        const agent = await api.agent(id);
        out.answer(agent, () => {
          out.pairs([
            ["agent", agent.id],
            ["status", agent.status, statusColour(agent.status, out.colours)],
            ["kind", agent.kind],
            ["connected", agent.connected ? "yes" : "no"],
            ["last contact", when(agent.lastContactAt)],
            ["registered", when(agent.registeredAt)],
            ["slots", String(agent.slots)],
            ["projects", agent.projects === "all" ? "all" : agent.projects.join(", ")],
            ...Object.entries(agent.metadata).map(([name, value]) => [name, value] as const),
            ...agent.health.map(({ name, ok }) => [`health ${name}`, ok === null ? "not asked yet" : ok ? "ok" : "failing"] as const),
          ]);
          out.line();
          out.table(
            agent.capabilities,
            [
              { head: "capability", of: ({ name }) => name },
              { head: "score", of: ({ score }) => score.toFixed(3), align: "right" },
              { head: "weight", of: ({ weight }) => String(weight), align: "right" },
              { head: "preferred", of: ({ preferred }) => (preferred ? "yes" : "") },
              { head: "succeeded", of: ({ successes, results }) => (results === 0 ? "" : `${successes} of ${results}`), align: "right" },
              { head: "needs", of: ({ requirements }) => requirements.join(", "), least: 8 },
            ],
            "It offers no capability.",
          );
        });
      }),
    );
  meshVerb(group, "score", "who offers a capability, best first, with each factor")
    .argument("<capability>")
    .action(
      onMesh(async ({ api, out }, capability: string) => {
        const page = await api.scores(capability);
        out.answer(page, () => out.table<ScoreView>(page.items, scoreColumns, `No agent offers ${capability}.`));
      }),
    );
  addAgentHistory(group);
  addTokens(group);
  addAgentTest(group);
  meshVerb(group, "drain", "no new work for an agent; it finishes what it has")
    .argument("<id>", "the agent", agentId)
    .option("--undo", "give it work again")
    .action(
      onMesh(async ({ api, out }, id: string, flags: { undo?: true }) => {
        const taken = await api.drainAgent(id, flags.undo !== true);
        out.answer(taken, () => out.line(taken.draining ? `${id} gets no new work.` : `${id} gets work again.`));
      }),
    );
  meshVerb(group, "remove", "forget an agent and its token")
    .argument("<id>", "the agent", agentId)
    .action(
      onMesh(async ({ api, out }, id: string) => {
        await api.removeAgent(id);
        out.answer({ removed: id }, () => out.line(`${id} is forgotten, and its token has ended.`));
      }),
    );
}

function addTokens(group: Command): void {
  withGrant(meshVerb(group, "token", "make a token for an agent, shown once; an earlier one of it ends"))
    .argument("<id>", "the agent", agentId)
    .action(
      onMesh(async ({ api, out }, id: string, flags: GrantFlags) => {
        const made = await api.makeAgentToken({ id, ...grantOf(flags) });
        out.answer(made, () => {
          out.line(made.token);
          out.note(`\nThe token of ${out.colours.bold(id)}: ${grantText(made)}. It is not shown again. On the machine of the agent:`);
          out.note(`  MESH_AGENT_TOKEN=mesh_agent_… mesh runner --url ${api.access.url} --id ${id}`);
        });
      }),
    );
  meshVerb(group, "tokens", "agents' tokens and what each allows; never the tokens themselves").action(
    onMesh(async ({ api, out }) => {
      const page = await api.agentTokens();
      out.answer(page, () =>
        out.table<AgentTokenView>(
          page.items,
          [
            { head: "agent", of: ({ agent }) => agent },
            { head: "capabilities", of: ({ capabilities }) => listText(capabilities), least: 14 },
            { head: "projects", of: ({ projects }) => listText(projects), least: 14 },
            { head: "made", of: ({ createdAt }) => (createdAt === null ? "" : shortWhen(createdAt)) },
          ],
          "There is no token. mesh agents token <id> makes one.",
        ),
      );
    }),
  );
  withGrant(meshVerb(group, "bind", "change what an agent's token allows; the token stays"))
    .argument("<id>", "the agent", agentId)
    .action(
      onMesh(async ({ api, out }, id: string, flags: GrantFlags) => {
        const grant = grantOf(flags);
        if (Object.keys(grant).length === 0)
          throw usage("Nothing to change: give --capability, --any-capability, --project or --all-projects.");
        const bound = await api.bindAgentToken(id, grant);
        out.answer(bound, () => out.line(`The token of ${id} now allows ${grantText(bound)}.`));
      }),
    );
  meshVerb(group, "revoke", "end an agent's token; what it had registered stays until it is removed")
    .argument("<id>", "the agent", agentId)
    .action(
      onMesh(async ({ api, out }, id: string) => {
        await api.revokeAgentToken(id);
        out.answer({ revoked: id }, () => out.line(`The token of ${id} has ended.`));
      }),
    );
}

function withGrant(command: Command): Command {
  return command
    .option("--capability <name>", "it may register this one (repeatable)", collect)
    .option("--any-capability", "it may register every one that is not reserved")
    .option("--project <owner/name>", "it may serve this one (repeatable)", collect)
    .option("--all-projects", "it may serve every project");
}

function grantOf(flags: GrantFlags): Omit<AgentGrantRequest, "id"> {
  if (flags.capability && flags.anyCapability) throw usage("Give --capability or --any-capability, not both.");
  if (flags.project && flags.allProjects) throw usage("Give --project or --all-projects, not both.");
  const capabilities = flags.anyCapability ? "any" : flags.capability;
  const projects = flags.allProjects ? "all" : flags.project;
  return { ...(capabilities ? { capabilities } : {}), ...(projects ? { projects } : {}) };
}

const scoreColumns = [
  { head: "agent", of: ({ agent }: ScoreView) => agent },
  { head: "score", of: ({ score }: ScoreView) => score.toFixed(3), align: "right" as const },
  { head: "status", of: ({ status }: ScoreView) => status },
  { head: "weight", of: ({ weight }: ScoreView) => String(weight), align: "right" as const },
  { head: "health", of: ({ health }: ScoreView) => String(health), align: "right" as const },
  { head: "success", of: ({ success }: ScoreView) => success.toFixed(2), align: "right" as const },
  { head: "recent", of: ({ recent }: ScoreView) => recent.toFixed(2), align: "right" as const },
  { head: "preferred", of: ({ preferred }: ScoreView) => String(preferred), align: "right" as const, drop: 1 },
  { head: "results", of: ({ results }: ScoreView) => String(results), align: "right" as const, drop: 2 },
];

function grantText({ capabilities, projects }: { capabilities: "any" | readonly string[]; projects: "all" | readonly string[] }): string {
  return `${capabilities === "any" ? "any capability" : capabilities.join(", ")} in ${projects === "all" ? "every project" : projects.join(", ")}`;
}

function listText(list: string | readonly string[]): string {
  return typeof list === "string" ? list : list.join(", ");
}

function capabilitiesText({ capabilities }: AgentView): string {
  return capabilities.map(({ name }) => name).join(", ");
}

function statusColour(status: AgentView["status"], colours: Colours): (text: string) => string {
  return { online: colours.green, degraded: colours.yellow, draining: colours.yellow, offline: colours.red }[status];
}
