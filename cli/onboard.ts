import type { Command } from "commander";
import { loginModes, type LoginMode } from "./onboarding-login.ts";
import type { OnboardingView } from "../core/onboarding/view.ts";
import { collect, meshVerb, onMesh, withMeshFlags, type Mesh } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { usage } from "./failure.ts";
import { showOnboarding, statusColour } from "./onboarding-text.ts";
import { watchOnboarding } from "./watch-onboarding.ts";
import { pages, showPage, withPages, type PageFlags } from "./paging.ts";
import { boardArgument, projectName, settingsOf } from "./parse.ts";
import { shortWhen } from "./when.ts";

interface WatchFlags {
  readonly keyEnv?: string;
  readonly keyStdin?: true;
  readonly variable: string;
  readonly wait: boolean;
}

interface OnboardFlags extends WatchFlags {
  readonly board?: { readonly owner: string; readonly number: number };
  readonly set?: string[];
  readonly login?: string;
  readonly skipAuth?: true;
  readonly skipLitellm?: true;
  readonly skipDevContainer?: true;
  readonly skipTrial?: true;
  readonly actionsRunner?: true;
}

/** `mesh onboard`: from a repository to ready, watched as it happens. */
export function addOnboard(program: Command): void {
  const onboard = withKeys(
    withMeshFlags(program.command("onboard").description("take a repository to ready: board, webhook, runner, login, budget")),
  )
    .argument("[repository]", "owner/name", projectName)
    .option("--json", "wait for the end, then one JSON document")
    .option("--board <owner/number>", "this board, or its address; else the one the mesh made before, else a new one", boardArgument)
    .option("--set <setting=value>", "a setting of the project, like columns.todo=Backlog (repeatable)", collect)
    .option("--login <way>", "api-key (a key you give, kept encrypted), runner (its own login), or device (a code)")
    .option("--skip-auth", "the agents' login is seen to otherwise")
    .option("--skip-litellm", "no key of its own at the model gateway")
    .option("--skip-dev-container", "no dev container is proposed")
    .option("--skip-trial", "no trial of install and tests on a runner")
    .option("--actions-runner", "the pull request also brings a GitHub Actions workflow that hosts a runner")
    .option("--no-wait", "only begin it")
    .action(onMesh(begin));
  withPages(meshVerb(onboard, "list", "onboardings, newest first")).action(
    onMesh(async ({ api, out }, flags: PageFlags) => {
      const page = await pages((query) => api.onboardings(query), flags);
      showPage<OnboardingView>(
        out,
        page,
        [
          { head: "onboarding", of: ({ id }) => id },
          { head: "repository", of: ({ repository }) => repository },
          { head: "status", of: ({ status }) => status, paint: (text, { status }) => statusColour(status, out.colours)(text) },
          {
            head: "at",
            of: ({ status, activity, phase, error }) => (status === "completed" ? "" : (error?.activity ?? activity ?? phase ?? "")),
            least: 8,
          },
          { head: "done", of: ({ completed }) => String(completed.length), align: "right", drop: 2 },
          { head: "what", of: ({ error }) => error?.message ?? "", least: 14, drop: 1 },
          { head: "changed", of: ({ updatedAt }) => shortWhen(updatedAt), drop: 3 },
        ],
        "Nothing was onboarded yet. mesh onboard owner/name begins.",
      );
    }),
  );
  meshVerb(onboard, "status", "where one stands; exit code 0 completed, 1 failed, 7 not yet at its end")
    .argument("<id>", "of the onboarding, or its repository owner/name")
    .action(
      onMesh(async (mesh, id: string) => {
        const view = await onboardingOf(mesh, id);
        mesh.out.answer(view, () => showOnboarding(mesh.out, view));
        process.exitCode = { completed: exitCodes.ok, failed: exitCodes.failed }[view.status as string] ?? exitCodes.waiting;
      }),
    );
  withKeys(meshVerb(onboard, "watch", "come back to one and see it to its end"))
    .argument("<id>", "of the onboarding, or its repository owner/name")
    .action(onMesh(async (mesh, id: string, flags: WatchFlags) => watchOnboarding(mesh, await onboardingOf(mesh, id), flags)));
  withKeys(meshVerb(onboard, "retry", "go on from the step that failed"))
    .argument("<id>", "of the onboarding, or its repository owner/name")
    .option("--no-wait", "only begin it")
    .action(
      onMesh(async (mesh, id: string, flags: WatchFlags) => {
        const named = id.includes("/") ? (await onboardingOf(mesh, id)).id : id;
        await watchOrLeave(mesh, await mesh.api.retryOnboarding(named), flags);
      }),
    );
}

function withKeys(command: Command): Command {
  return command
    .option("--key-env <NAME>", "the agents' key is in this variable of the environment")
    .option("--key-stdin", "the agents' key comes on the standard input")
    .option("--variable <NAME>", "under which name agents get the key", "ANTHROPIC_API_KEY");
}

async function begin(mesh: Mesh, repository: string | undefined, flags: OnboardFlags): Promise<void> {
  if (repository === undefined) throw usage("Which repository?", "mesh onboard owner/name", "mesh onboard list | status | watch | retry");
  if (flags.login !== undefined && !loginModes.includes(flags.login as LoginMode))
    throw usage(`--login is one of ${loginModes.join(", ")}.`);
  const view = await mesh.api.onboard({
    repository,
    ...(flags.board ? { board: flags.board } : {}),
    ...(flags.set ? { overrides: settingsOf(flags.set) } : {}),
    ...(flags.login ? { login: flags.login as LoginMode } : {}),
    ...(flags.skipAuth ? { skipAuth: true } : {}),
    ...(flags.skipLitellm ? { skipLiteLLM: true } : {}),
    ...(flags.skipDevContainer ? { skipDevContainer: true } : {}),
    ...(flags.skipTrial ? { skipTrial: true } : {}),
    ...(flags.actionsRunner ? { actionsRunner: true } : {}),
  });
  await watchOrLeave(mesh, view, flags);
}

async function watchOrLeave(mesh: Mesh, view: OnboardingView, flags: WatchFlags): Promise<void> {
  if (flags.wait) return watchOnboarding(mesh, view, flags);
  mesh.out.answer(view, () => mesh.out.line(`${view.id}: ${view.status}. mesh onboard watch ${view.id} shows it.`));
}

/** By its id, or the latest of a repository. */
async function onboardingOf({ api }: Mesh, id: string): Promise<OnboardingView> {
  if (!id.includes("/")) return api.onboarding(id);
  const repository = id.toLowerCase();
  const { items } = await pages((query) => api.onboardings(query), { all: true });
  const [latest] = items.filter((view) => view.repository === repository);
  if (!latest) throw usage(`${id} was never onboarded.`, `mesh onboard ${id}`);
  return latest;
}
