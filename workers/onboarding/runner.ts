import type { ProjectProfile } from "../../core/inputs.ts";
import { actionsRunnerPath, actionsRunnerYaml } from "../../core/onboarding/actions-runner.ts";
import type { Candidate } from "../../core/pool/state.ts";
import { pool } from "../../durable-objects/remote.ts";
import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

/** What the runs of a project ask of a runner. */
const needed = ["planning", "implementation", "qa"] as const;

/** Looks for a runner that serves the project and is online with all that is needed. */
export async function runner({ env, clients, onboarding }: ActivityContext): Promise<ActivityOutcome> {
  const profile = profileOf(onboarding);
  const name = `actions-${profile.name.replace("/", "-")}`.slice(0, 64);
  const proposal = onboarding.request.actionsRunner ? await proposeActionsRunner({ clients, profile, name }) : null;
  const serving = (await pool(env).candidates(profile.key, null)).filter(({ kind }) => kind === "remote");
  const ready = serving.filter((agent) => agent.status === "online" && lacks(agent).length === 0);
  const proposed = proposal === null ? "" : `; ${proposal}`;
  if (ready.length > 0) {
    const agents = ready.map(({ agent }) => agent);
    return done(`${agents.join(", ")} ${agents.length === 1 ? "serves" : "serve"} it, with ${needed.join(", ")}${proposed}`, { agents });
  }
  const away = serving.map((agent) => `${agent.agent} is ${lacks(agent).length > 0 ? `without ${lacks(agent).join(", ")}` : agent.status}`);
  throw new ActivityFailure(
    "no-runner",
    `No runner that serves ${profile.name} is online with ${needed.join(", ")}${away.length === 0 ? "" : `: ${away.join("; ")}`}${proposed}.`,
    `${instructions(clients.publicUrl, profile, proposal === null ? "my-machine" : name)}\nThen retry.`,
  );
}

function lacks({ capabilities }: Candidate): string[] {
  return needed.filter((name) => !capabilities.some((offer) => offer.name === name && offer.healthy));
}

function instructions(meshUrl: string, { name }: ProjectProfile, agent: string): string {
  const grant = JSON.stringify({ id: agent, projects: [name] });
  return [
    "Start a runner, or bring one back. For a new one, make a token, which is shown once:",
    `  curl -X POST ${meshUrl}/agents -H "authorization: Bearer $OPERATOR_TOKEN" -H "content-type: application/json" -d '${grant}'`,
    "and start it with that on a machine of yours:",
    `  MESH_AGENT_TOKEN=mesh_agent_… npm run mesh -- runner --url ${meshUrl} --id ${agent}`,
  ].join("\n");
}

async function proposeActionsRunner({
  clients,
  profile,
  name,
}: Pick<ActivityContext, "clients"> & { readonly profile: ProjectProfile; readonly name: string }): Promise<string> {
  const rootFiles = await clients.preparation.rootFiles(profile);
  const yaml = actionsRunnerYaml({ agent: name, meshUrl: clients.publicUrl, repository: profile.name, rootFiles });
  const { state, pullRequest } = await clients.preparation.proposeFiles(profile, {
    branch: "mesh/setup/actions-runner",
    decides: actionsRunnerPath,
    files: { [actionsRunnerPath]: yaml },
    title: "Host a mesh runner in GitHub Actions",
    body: [
      "Runs a runner of the mesh for this repository. Before merging:",
      `- secret \`MESH_AGENT_TOKEN\`: a token for the agent \`${name}\` (\`POST /agents\`)`,
      "- variable `MESH_SIX`: where mesh-six is, as `owner/name`",
    ].join("\n"),
  });
  return state === "present"
    ? "its Actions workflow is there"
    : `its Actions workflow is proposed: ${pullRequest?.url ?? actionsRunnerPath}`;
}
