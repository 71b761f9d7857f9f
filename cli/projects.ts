import type { Command } from "commander";
import type { ProjectProfile } from "../core/inputs.ts";
import { collect, meshVerb, onMesh, verbGroup, type Mesh } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure, usage } from "./failure.ts";
import { showDocument } from "./show-document.ts";
import { boardArgument, projectName, settingsOf } from "./parse.ts";
import { confirm } from "./prompt.ts";
import { changesOf, type SetFlags } from "./setting-changes.ts";
import { settingRows, showSettings } from "./settings.ts";
import { shortWhen, when } from "./when.ts";

/** `mesh projects`: repositories with their boards. */
export function addProjects(program: Command): void {
  const group = verbGroup(program, "projects", "onboarded repositories and their settings");
  meshVerb(group, "list", "every project").action(
    onMesh(async ({ api, out }) => {
      const page = await api.projects();
      out.answer(page, () =>
        out.table<ProjectProfile>(
          page.items,
          [
            { head: "project", of: ({ name }) => name },
            { head: "board", of: ({ board }) => board?.url ?? "none", least: 16 },
            { head: "observed by", of: ({ board }) => board?.observedBy ?? "" },
            { head: "own settings", of: ({ overrides }) => String(settingRows(overrides).length), align: "right", drop: 1 },
          ],
          "No project yet. mesh onboard owner/name makes one.",
        ),
      );
    }),
  );
  meshVerb(group, "show", "one project: its board, what goes on, and with --settings what holds for it")
    .argument("<project>", "owner/name", projectName)
    .option("--settings", "every setting, and where it was set")
    .action(onMesh(show));
  meshVerb(group, "add", "register a repository whose board is ready; mesh onboard prepares one")
    .argument("<project>", "owner/name", projectName)
    .option("--board <owner/number>", "the board, or its address; without one no card is followed", boardArgument)
    .option("--set <setting=value>", "a setting of its own (repeatable)", collect)
    .action(
      onMesh(async ({ api, out }, repository: string, flags: { board?: object; set?: string[] }) => {
        const { board } = flags;
        const overrides = flags.set ? { overrides: settingsOf(flags.set) } : {};
        const registered = await api.registerProject({ repository, ...(board ? { board } : {}), ...overrides });
        out.answer(registered, () => {
          out.line(
            `${registered.project.name} is registered${registered.project.board ? `, with ${registered.project.board.url}` : ", without a board"}.`,
          );
          showDocument(out, registered.webhooks);
        });
      }),
    );
  meshVerb(group, "set", "change settings of a project: merge=auto budget.perIssueUsd=2; setting= goes back to the mesh's")
    .argument("<project>", "owner/name", projectName)
    .argument("[setting=value...]")
    .option("--unset <setting>", "go back to the mesh's (repeatable)", collect)
    .option("--file <file>", "a JSON object of settings, @file or -")
    .action(
      onMesh(async ({ api, out }, name: string, pairs: readonly string[], flags: SetFlags) => {
        const changed = await api.setProject(name, changesOf(pairs, flags));
        out.answer(changed, () =>
          showSettings(out, changed.profile.overrides, "Nothing is set for this project: the mesh's settings hold."),
        );
      }),
    );
  meshVerb(group, "delete", "take a project out: its secrets go, its repository and board stay")
    .argument("<project>", "owner/name", projectName)
    .option("--history <what>", "keep or forget its history", "keep")
    .option("--yes", "without asking")
    .action(
      onMesh(async ({ api, out }, name: string, flags: { history: string; yes?: true }) => {
        const { history } = flags;
        if (history !== "keep" && history !== "forget") throw usage("--history is keep or forget.");
        await confirm(
          out,
          `${name} is taken out of the mesh, its secrets are wiped${history === "forget" ? ", its history too" : ""}.`,
          flags.yes,
        );
        const gone = await api.deleteProject(name, history);
        out.answer(gone, () => {
          const kept = `its history is ${history === "keep" ? "kept" : "forgotten"}`;
          out.text(
            gone.waitsFor === null
              ? `${name} is gone; ${kept}.`
              : `${name} is going: it waits for ${gone.waitsFor}, and the reconcile goes on with it; ${kept}.`,
          );
          showDocument(out, gone.webhooks);
        });
      }),
    );
  meshVerb(group, "rotate-webhook", "new secrets for a project's webhooks; the old ones are taken away")
    .argument("<project>", "owner/name", projectName)
    .action(
      onMesh(async ({ api, out }, name: string) => {
        const rotated = await api.rotateWebhook(name);
        out.answer(rotated, () => {
          out.line(`${name} has webhooks with new secrets.`);
          showDocument(out, rotated.webhooks);
        });
      }),
    );
}

async function show({ api, out }: Mesh, name: string, flags: { settings?: true }): Promise<void> {
  const [project, board] = await Promise.all([api.project(name), api.board(name).catch(noBoard)]);
  out.answer({ ...project, board }, () => {
    const { profile, view } = project;
    out.pairs([
      ["project", profile.name, out.colours.bold],
      ["repository", profile.repositoryUrl],
      ["board", profile.board?.url ?? "none"],
      ["observed by", profile.board?.observedBy],
      ["board read", board?.polledAt ? `${when(board.polledAt)}, ${board.cards ?? 0} cards` : null],
      ["hidden cards", board?.redacted ? `${board.redacted}: the credential may not see them` : null, out.colours.red],
      ["credential", profile.credential.kind === "app" ? `GitHub App, installation ${profile.credential.installation}` : "token"],
      ["tasks", `${view.tasks.pending} pending, ${view.tasks.dispatched} dispatched, ${view.tasks.running} running`],
      ["effects open", String(view.outbox)],
      ["key", profile.key],
    ]);
    const active = view.runs.filter(({ endedAt }) => endedAt === null);
    out.line();
    out.table(
      active,
      [
        { head: "active run", of: ({ key, run }) => `${key}.${run}` },
        { head: "phase", of: ({ phase }) => phase },
        { head: "explain", of: ({ explain }) => explain, least: 20 },
        { head: "since", of: ({ phaseSince }) => shortWhen(phaseSince), drop: 1 },
      ],
      "No active run.",
    );
    if (view.filtered.length > 0) {
      out.line();
      out.table(
        view.filtered,
        [
          { head: "not started", of: ({ issue }) => `${profile.name}#${issue}` },
          { head: "because", of: ({ reason }) => reason, least: 16 },
          { head: "seen", of: ({ at }) => shortWhen(at), drop: 1 },
        ],
        "",
      );
    }
    if (!flags.settings) return;
    out.line();
    showSettings(out, profile.overrides, "Nothing is set for this project: the mesh's settings hold.", project.policy);
  });
}

function noBoard(error: unknown): null {
  if (error instanceof Failure && error.parts.exitCode === exitCodes.notFound) return null;
  throw error;
}
