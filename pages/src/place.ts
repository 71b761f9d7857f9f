import { batch, signal } from "@preact/signals";

/** Which page is shown. */
export type Place =
  | {
      readonly page:
        | "overview"
        | "projects"
        | "questions"
        | "sessions"
        | "agents"
        | "tasks"
        | "onboardings"
        | "settings"
        | "history"
        | "events"
        | "cost";
    }
  | { readonly page: "question" | "session" | "agent" | "task" | "onboarding"; readonly id: string }
  | { readonly page: "project" | "project-settings"; readonly name: string }
  /** `run` null: the issue's newest. */
  | { readonly page: "run"; readonly name: string; readonly issue: number; readonly run: number | null };

/** Where the address points to. */
export const place = signal<Place>({ page: "overview" });

/** What the address adds to the place: filters of a list, `#/tasks?status=running`. */
export const placeQuery = signal(new URLSearchParams());

/**
 * `#/questions/<id>` as pages link, or the path `/questions/<id>` as notifications do; likewise
 * `sessions/<id>`, `agents/<id>`, `tasks/<id>`, `onboarding/<id>`, `projects/<owner>/<name>`, `projects/<owner>/<name>/settings`,
 * `runs/<owner>/<name>/<issue>` and `runs/<owner>/<name>/<issue>/<run>`.
 * What is not known is the overview.
 */
export function parsePlace({ hash, pathname }: { readonly hash: string; readonly pathname: string }): Place {
  const [, page = "", id = "", name = "", part = "", last = ""] = (hash === "" ? pathname : beforeQuery(hash.slice(1)))
    .replace(/\/+$/, "")
    .split("/")
    .map(decoded);
  switch (page) {
    case "history":
    case "events":
    case "cost":
    case "settings":
      return { page };
    case "questions":
      return id === "" ? { page } : { page: "question", id };
    case "sessions":
      return id === "" ? { page } : { page: "session", id };
    case "agents":
      return id === "" ? { page } : { page: "agent", id };
    case "tasks":
      return id === "" ? { page } : { page: "task", id };
    case "onboarding":
      return id === "" ? { page: "onboardings" } : { page: "onboarding", id };
    case "projects":
      if (!isName(id) || !isName(name)) return { page };
      return { page: part === "settings" ? "project-settings" : "project", name: `${id}/${name}` };
    case "runs":
      if (!isName(id) || !isName(name) || !isNumber(part) || (last !== "" && !isNumber(last))) return { page: "overview" };
      return { page: "run", name: `${id}/${name}`, issue: Number(part), run: last === "" ? null : Number(last) };
    default:
      return { page: "overview" };
  }
}

/** Told apart from every other place; filters of a list do not count. */
export function placeKey(at: Place): string {
  if ("id" in at) return `${at.page} ${at.id}`;
  if ("issue" in at) return `${at.page} ${at.name} ${at.issue} ${at.run ?? ""}`;
  return "name" in at ? `${at.page} ${at.name}` : at.page;
}

/** The query within the `#` form; what follows the path does not count there. */
export function parseQuery({ hash }: { readonly hash: string }): URLSearchParams {
  const at = hash.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : hash.slice(at + 1));
}

/** The address of a list with filters; empty ones are left out. */
export function addressWith(path: string, query: Readonly<Record<string, string>>): string {
  const kept = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return kept === "" ? `#${path}` : `#${path}?${kept}`;
}

/** Puts filters into the address, so that it can be shared and gone back to; `replace` leaves no step in the history, as while typing. */
export function showQuery(path: string, query: Readonly<Record<string, string>>, replace = false): void {
  const address = addressWith(path, query);
  if (address === location.hash) return;
  if (!replace) location.hash = address;
  else {
    history.replaceState(history.state, "", address);
    placeQuery.value = parseQuery({ hash: address });
  }
}

/** Goes to an address of the dashboard, `#/tasks`, as a link to it would. */
export function goTo(address: string): void {
  location.hash = address;
}

/** Keeps `place` with the address. A path becomes its `#` form, so that links of the page lead on from the root. */
export function followAddress(): void {
  if (location.hash === "" && location.pathname !== "/") history.replaceState(null, "", `/#${location.pathname}`);
  const follow = () =>
    batch(() => {
      place.value = parsePlace(location);
      placeQuery.value = parseQuery(location);
    });
  addEventListener("hashchange", follow);
  follow();
}

/** Of an owner or a repository: nothing that would lead a request elsewhere. */
function isName(text: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(text) && !/^\.+$/.test(text);
}

function isNumber(text: string): boolean {
  return /^[1-9]\d{0,8}$/.test(text);
}

function beforeQuery(path: string): string {
  return path.split("?", 1)[0] ?? "";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
