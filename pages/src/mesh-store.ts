import { signal } from "@preact/signals";
import type { ProjectKey } from "../../core/ids.ts";
import type { LiveMessage, ProjectView } from "../../core/project/views.ts";
import { get, post, type ApiFailure, type ApiResult, type Listed } from "./api.ts";
import { noteChange } from "./changes.ts";
import { keepLive, type LiveState, type Socket } from "./live-socket.ts";
import { forgetOnboardings, hearOnboarding, loadOnboardings } from "./onboarding-store.ts";
import { hear, newest } from "./project-list.ts";
import { behindNow, graceMs, readModelNotice, type Behind, type Freshness, type ReadModelNotice } from "./read-model-notice.ts";

/** `unknown` until the first answer; `out` shows the login. */
export const session = signal<"unknown" | "in" | "out">("unknown");
/** What whoever is logged in may do; undefined until that is known, and then only reading is offered. */
export const role = signal<"operator" | "viewer" | undefined>(undefined);
/** Counts how often the socket came back after a break: what is shown may have missed something. */
export const regained = signal(0);
/** undefined = nothing has come yet. */
export const projects = signal<readonly ProjectView[] | undefined>(undefined);
/** Why the last fetch of the projects failed. */
export const failure = signal<ApiFailure | undefined>(undefined);
export const liveState = signal<LiveState>("connecting");
export const notice = signal<ReadModelNotice | undefined>(undefined);
/** Events the read model had to leave out. */
export const refusedEvents = signal(0);

const refetchAfterMs = 400;
const freshnessEveryMs = 30_000;

let behind: Behind = new Map();
let recheck: ReturnType<typeof setTimeout> | undefined;
let lastGood: { readonly freshness: Freshness; readonly at: number } | undefined;
const refetching = new Map<ProjectKey, ReturnType<typeof setTimeout>>();
let stop: (() => void) | undefined;

/** Fetches everything and follows the live socket; does nothing while it already does. */
export async function watch(): Promise<void> {
  await refetch();
  if (session.value !== "in" || stop) return;
  const timer = setInterval(() => void checkFreshness(), freshnessEveryMs);
  const endLive = keepLive({
    open: () => new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live`) as Socket,
    onMessage,
    onState,
    later: (run, ms) => {
      const id = setTimeout(run, ms);
      return () => clearTimeout(id);
    },
    random: Math.random,
  });
  stop = () => {
    clearInterval(timer);
    clearTimeout(recheck);
    recheck = undefined;
    endLive();
    stop = undefined;
  };
  await Promise.all([learnRole(), loadOnboardings(), checkFreshness()]);
}

async function learnRole(): Promise<void> {
  const answer = await get<{ readonly role: "operator" | "viewer" }>("/session");
  if (answer.ok) role.value = answer.value.role;
}

/** Exchanges the token for a cookie; answers why not, if so. */
export async function logIn(token: string): Promise<string | undefined> {
  const answer = await post("/login", { token });
  if (!answer.ok) return answer.error.status === 401 ? "This is not a token of this mesh." : answer.error.detail;
  await watch();
  return undefined;
}

export async function logOut(): Promise<void> {
  await post("/logout");
  leave();
}

/** Fetches what is live now: all projects, or the one given; the others stay as they are. */
export async function refetch(only?: ProjectKey): Promise<void> {
  const answer = await fetchViews(only);
  if (!answer.ok) {
    if (answer.error.status === 401) return leave();
    failure.value = answer.error;
    if (session.value === "unknown") session.value = "in";
    return;
  }
  failure.value = undefined;
  session.value = "in";
  const shown = projects.value ?? [];
  projects.value = only
    ? shown.map((project) => newest(shown, answer.value).find(({ key }) => key === project.key) ?? project)
    : newest(shown, answer.value);
}

type Entry = Pick<ProjectView, "key" | "name">;

async function fetchViews(only: ProjectKey | undefined): Promise<ApiResult<readonly ProjectView[]>> {
  const known = projects.value?.find(({ key }) => key === only);
  const entries: ApiResult<Listed<Entry>> = known
    ? { ok: true, value: { items: [known], cursor: null } }
    : await get<Listed<Entry>>("/projects");
  if (!entries.ok) return entries;
  const named = entries.value.items.flatMap(({ name }) => name ?? []);
  const answers = await Promise.all(named.map((name) => get<{ readonly view: ProjectView }>(`/projects/${name}`)));
  const failed = answers.find((answer) => !answer.ok);
  return failed ?? { ok: true, value: answers.flatMap((answer) => (answer.ok ? [answer.value.view] : [])) };
}

/** Asks the read model how far it has come. */
export async function checkFreshness(): Promise<void> {
  const answer: ApiResult<Freshness> = await get<Freshness>("/read-model");
  if (!answer.ok && answer.error.status === 401) return leave();
  const at = Date.now();
  if (answer.ok) {
    const seen = behindNow(answer.value, projects.value ?? [], behind, at);
    // What is behind for the first time is looked at again as soon as it would count.
    const fresh = [...seen.values()].some(({ since }) => since === at);
    if (fresh && stop) recheck ??= setTimeout(checkAgain, graceMs);
    behind = seen;
    lastGood = { freshness: answer.value, at };
    refusedEvents.value = answer.value.refusals.count;
  }
  notice.value = readModelNotice(answer, lastGood, projects.value ?? [], behind, at);
}

function checkAgain(): void {
  recheck = undefined;
  void checkFreshness();
}

function onMessage(message: LiveMessage): void {
  if (message.type === "onboarding-changed") hearOnboarding(message.onboarding);
  noteChange(message);
  const heard = hear(projects.value ?? [], message);
  projects.value = heard.projects;
  if (heard.refetch) refetchSoon(heard.refetch);
}

/** Several messages about a project are one refetch; a project not shown yet means the whole list. */
function refetchSoon(project: ProjectKey): void {
  if (refetching.has(project)) return;
  const timer = setTimeout(() => {
    refetching.delete(project);
    void refetch(projects.value?.some(({ key }) => key === project) ? project : undefined);
  }, refetchAfterMs);
  refetching.set(project, timer);
}

function onState(state: LiveState): void {
  const isBack = state === "live" && liveState.value === "reconnecting";
  liveState.value = state;
  if (!isBack) return;
  regained.value += 1;
  if (role.value === undefined) void learnRole();
  void refetch().then(checkFreshness);
}

function leave(): void {
  session.value = "out";
  role.value = undefined;
  projects.value = undefined;
  forgetOnboardings();
  for (const timer of refetching.values()) clearTimeout(timer);
  refetching.clear();
  stop?.();
}
