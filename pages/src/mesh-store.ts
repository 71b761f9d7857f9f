import { batch, computed, signal } from "@preact/signals";
import type { ProjectKey } from "../../core/ids.ts";
import type { Policy } from "../../core/policy.ts";
import type { LiveMessage, ProjectView } from "../../core/project/views.ts";
import { get, isPassing, post, type ApiFailure, type ApiResult, type Listed } from "./api.ts";
import { noteChange } from "./changes.ts";
import { gather } from "./gather.ts";
import { keepLive, type LiveState, type Socket } from "./live-socket.ts";
import { forgetOnboardings, hearOnboarding, loadOnboardings } from "./onboarding-store.ts";
import { onWake } from "./on-wake.ts";
import { hear, newest } from "./project-list.ts";
import { behindNow, graceMs, readModelNotice, type Behind, type Freshness, type ReadModelNotice } from "./read-model-notice.ts";

/** `unknown` until the first answer; `out` shows the login. */
export const session = signal<"unknown" | "in" | "out">("unknown");
/** Who is asking, as the mesh knows it; undefined until that is known. */
export const who = signal<Who | undefined>(undefined);
/** What whoever is logged in may do; undefined until that is known, and then only reading is offered. */
export const role = computed(() => who.value?.role);
/** Counts how often what is shown has missed something, as after a break: whoever shows something fetches it anew. */
export const regained = signal(0);
/** undefined = nothing has come yet. */
export const projects = signal<readonly ProjectView[] | undefined>(undefined);
/** What each project may cost on a day, in US dollars; null without such a limit. */
export const dayCaps = signal<ReadonlyMap<ProjectKey, number | null>>(new Map());
/** Why the last fetch of the projects failed. */
export const failure = signal<ApiFailure | undefined>(undefined);
export const liveState = signal<LiveState>("connecting");
/** Since when the socket is away, or what is shown could not be fetched anew after it came back; undefined while all is right. */
export const staleSince = signal<number | undefined>(undefined);
export const notice = signal<ReadModelNotice | undefined>(undefined);
/** Events the read model had to leave out. */
export const refusedEvents = signal(0);

export interface Who {
  readonly role: "operator" | "viewer";
  /** The e-mail address where Cloudflare Access knows it, else the role. */
  readonly by: string;
  readonly via: "token" | "cookie" | "access";
  /** Where to log out of Cloudflare Access. */
  readonly logoutUrl: string | null;
}

const refetchAfterMs = 400;
const freshnessEveryMs = 30_000;
const catchUpEveryMs = 1_000;
const greetingWithinMs = 300;

let behind: Behind = new Map();
let recheck: ReturnType<typeof setTimeout> | undefined;
let lastGood: { readonly freshness: Freshness; readonly at: number } | undefined;
const refetching = new Map<ProjectKey, ReturnType<typeof setTimeout>>();
let stop: (() => void) | undefined;

/** Follows the live socket and fetches everything; does nothing while it already does. */
export async function watch(): Promise<void> {
  if (stop) return;
  const entries = await get<Listed<Entry>>("/projects");
  if (stop) return;
  if (!entries.ok) {
    failed(entries.error);
    if (entries.error.status === 401) return;
    void follow().then(catchUp);
    await Promise.all([learnRole(), loadOnboardings(), checkFreshness()]);
    return;
  }
  session.value = "in";
  const greeted = follow();
  // What is read before the greeting may be old already, and nothing would say so.
  await Promise.race([greeted, new Promise<void>((resolve) => later(resolve, greetingWithinMs))]);
  const early = liveState.value !== "live";
  await Promise.all([show(await fetchViews(entries.value.items)), learnRole(), loadOnboardings(), checkFreshness()]);
  if (early) void greeted.then(catchUp);
}

/** Opens the socket; resolves when it has been greeted for the first time. */
function follow(): Promise<void> {
  let isGreeted: () => void = () => undefined;
  const greeted = new Promise<void>((resolve) => (isGreeted = resolve));
  const timer = setInterval(() => void checkFreshness(), freshnessEveryMs);
  const live = keepLive({
    open: (since) =>
      new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/live${since === undefined ? "" : `?since=${since}`}`) as Socket,
    onMessages: gather(onMessages, later),
    onState: (state) => {
      onState(state);
      if (state === "live") isGreeted();
    },
    onGap: () => void catchUp(),
    later,
    random: Math.random,
    hidden: () => document.hidden,
  });
  const unwatch = onWake(live.wake);
  stop = () => {
    clearInterval(timer);
    clearTimeout(recheck);
    recheck = undefined;
    unwatch();
    live.end();
    caughtUp += 1;
    catchingUp = false;
    staleSince.value = undefined;
    stop = undefined;
  };
  return greeted;
}

async function learnRole(): Promise<void> {
  const answer = await get<Who>("/session");
  if (answer.ok) who.value = answer.value;
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
  const elsewhere = who.value?.logoutUrl ?? null;
  leave();
  if (elsewhere !== null) location.assign(elsewhere);
}

/** Ends every login, this one too. */
export async function logOutEverywhere(): Promise<ApiResult<unknown>> {
  const answer = await post("/logout/everywhere");
  if (answer.ok) await logOut();
  return answer;
}

/** Fetches what is live now: all projects, or the one given; the others stay as they are. */
export async function refetch(only?: ProjectKey): Promise<void> {
  const known = projects.value?.find(({ key }) => key === only);
  const entries: ApiResult<Listed<Entry>> = known
    ? { ok: true, value: { items: [known], cursor: null } }
    : await get<Listed<Entry>>("/projects");
  show(entries.ok ? await fetchViews(entries.value.items) : entries, known?.key);
}

function show(answer: ApiResult<readonly ProjectView[]>, only?: ProjectKey): void {
  if (!answer.ok) return failed(answer.error);
  failure.value = undefined;
  session.value = "in";
  const shown = projects.value ?? [];
  projects.value = only
    ? shown.map((project) => newest(shown, answer.value).find(({ key }) => key === project.key) ?? project)
    : newest(shown, answer.value);
}

function failed(error: ApiFailure): void {
  if (error.status === 401) return leave();
  failure.value = error;
  if (session.value === "unknown") session.value = "in";
  // Whoever catches up tries again by itself.
  if (!stop || catchingUp || !isPassing(error)) return;
  catchingUp = true;
  later(() => void (stop && catchUp()), catchUpEveryMs);
}

type Entry = Pick<ProjectView, "key" | "name">;

interface Fetched {
  readonly view: ProjectView;
  readonly policy?: Pick<Policy, "budget">;
}

async function fetchViews(entries: readonly Entry[]): Promise<ApiResult<readonly ProjectView[]>> {
  const named = entries.flatMap(({ name }) => name ?? []);
  const answers = await Promise.all(named.map((name) => get<Fetched>(`/projects/${name}`)));
  const caps = answers.flatMap((answer) =>
    answer.ok && answer.value.policy ? [[answer.value.view.key, answer.value.policy.budget.perDayUsd] as const] : [],
  );
  dayCaps.value = new Map([...dayCaps.value, ...caps]);
  return answers.find((answer) => !answer.ok) ?? { ok: true, value: answers.flatMap((answer) => (answer.ok ? [answer.value.view] : [])) };
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

function later(run: () => void, ms: number): () => void {
  const id = setTimeout(run, ms);
  return () => clearTimeout(id);
}

function checkAgain(): void {
  recheck = undefined;
  void checkFreshness();
}

/** All at once: whatever shows them is drawn once. */
function onMessages(messages: readonly LiveMessage[]): void {
  batch(() => {
    for (const message of messages) {
      if (message.type === "onboarding-changed") hearOnboarding(message.onboarding);
      noteChange(message);
      const heard = hear(projects.value ?? [], message);
      projects.value = heard.projects;
      if (heard.refetch) refetchSoon(heard.refetch);
    }
  });
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
  liveState.value = state;
  if (state === "reconnecting") staleSince.value ??= Date.now();
  else if (state === "live" && !catchingUp) staleSince.value = undefined;
}

let caughtUp = 0;
let catchingUp = false;

/** Something may be missing: fetches everything until that succeeds; whoever shows more than the projects is told to do so too. */
async function catchUp(): Promise<void> {
  caughtUp += 1;
  const number = caughtUp;
  catchingUp = true;
  staleSince.value ??= Date.now();
  regained.value += 1;
  if (role.value === undefined) void learnRole();
  while (number === caughtUp) {
    await refetch();
    if (number !== caughtUp) return;
    if (failure.value === undefined) break;
    await new Promise<void>((resolve) => later(resolve, catchUpEveryMs));
  }
  catchingUp = false;
  if (liveState.value === "live") staleSince.value = undefined;
  await checkFreshness();
}

function leave(): void {
  session.value = "out";
  who.value = undefined;
  projects.value = undefined;
  forgetOnboardings();
  for (const timer of refetching.values()) clearTimeout(timer);
  refetching.clear();
  stop?.();
}
