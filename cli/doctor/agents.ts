import { runnerCapabilities } from "../../core/protocol/runner-work.ts";
import type { AgentView } from "../../core/pool/views.ts";
import type { MeshApi } from "../mesh-api.ts";
import { fine, missing, skipped, warning, type Finding, type Subject } from "./finding.ts";
import { tried } from "./tried.ts";

const sessions = ["planning", "implementation", "qa"] as const;
const subjectOf = (name: string): Subject => ({ name, group: "mesh", neededFor: ["operate", "runner"] });

/** Projects, the runners that can work for them, and what those log in with. */
export async function examineAgents(api: MeshApi, found: Finding[], version: string | undefined): Promise<{ givesKeys: boolean }> {
  const [agents, projects] = [await tried(found, "runners", () => api.agents()), await tried(found, "projects", () => api.projects())];
  if (agents) examineRunners(agents.items, found, version);
  if (!projects) return { givesKeys: false };
  found.push(
    projects.items.length > 0
      ? fine(subjectOf("projects"), projects.items.map(({ name }) => name).join(", "))
      : warning(subjectOf("projects"), "none yet", "mesh onboard owner/name"),
  );
  const health = await Promise.all(projects.items.map(({ name }) => tried(found, `credentials ${name}`, () => api.credentialHealth(name))));
  const without = projects.items.filter((_, index) => health[index] && !health[index].hasValidCredential).map(({ name }) => name);
  const lapsed = projects.items.filter((_, index) => health[index]?.hasValidCredential === false && health[index].credentials.length > 0);
  for (const { name } of lapsed)
    found.push(warning(subjectOf(`credentials ${name}`), "its credential holds no longer", `mesh credentials push ${name}`));
  return { givesKeys: projects.items.length > 0 && health.every((one) => one !== undefined) && without.length === 0 };
}

function examineRunners(agents: readonly AgentView[], found: Finding[], version: string | undefined): void {
  const subject = subjectOf("runners");
  const remote = agents.filter(({ kind }) => kind === "remote");
  const online = remote.filter(({ status }) => status === "online" || status === "degraded");
  const offers = (name: string): boolean => online.some(({ capabilities }) => capabilities.some((one) => one.name === name));
  const lacking = sessions.filter((name) => !offers(name));
  const start = [
    "mesh agents token my-laptop",
    "MESH_AGENT_TOKEN=… mesh runner --url <mesh> --id my-laptop   on the machine that is to work",
  ];
  if (lacking.length === 0) {
    found.push(fine(subject, online.map(({ id }) => id).join(", ")));
    const helpers = Object.values(runnerCapabilities).filter((name) => !offers(name));
    if (helpers.length > 0)
      found.push(
        warning(
          subjectOf("runner-capabilities"),
          `no runner offers ${helpers.join(", ")}, which onboarding uses`,
          "git pull && npm ci   on the runner's machine, and a token that allows them: mesh agents bind",
        ),
      );
  } else if (remote.length === 0) found.push(missing(subject, "none has ever registered", ...start));
  else {
    const away = remote.filter(({ status }) => status === "offline").map(({ id }) => id);
    found.push(
      missing(subject, `none online offers ${lacking.join(", ")}${away.length > 0 ? `; offline: ${away.join(", ")}` : ""}`, ...start),
    );
  }
  if (version === undefined) return void found.push(skipped(subjectOf("runner-versions"), "the mesh does not tell its own"));
  const others = online.filter(({ metadata }) => metadata["version"] !== undefined && metadata["version"] !== version);
  for (const { id, metadata } of others)
    found.push(
      warning(
        subjectOf(`runner-version ${id}`),
        `${metadata["version"]}, the mesh is ${version}`,
        "git pull && npm ci   on its machine, then start it again",
      ),
    );
}
