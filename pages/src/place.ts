import { signal } from "@preact/signals";

/** Which page is shown. */
export type Place =
  | { readonly page: "projects" | "questions" | "sessions" | "agents" | "tasks" | "onboardings" | "settings" | "history" }
  | { readonly page: "question" | "session" | "agent" | "task" | "onboarding"; readonly id: string }
  | { readonly page: "project"; readonly name: string };

/** Where the address points to. */
export const place = signal<Place>({ page: "projects" });

/**
 * `#/questions/<id>` as pages link, or the path `/questions/<id>` as notifications do; likewise
 * `sessions/<id>`, `agents/<id>`, `tasks/<id>`, `onboarding/<id>` and `projects/<owner>/<name>`. What is not known is the projects' page.
 */
export function parsePlace({ hash, pathname }: { readonly hash: string; readonly pathname: string }): Place {
  const [, page = "", id = "", name = ""] = (hash === "" ? pathname : hash.slice(1)).replace(/\/+$/, "").split("/").map(decoded);
  switch (page) {
    case "history":
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
    default:
      return page === "projects" && isName(id) && isName(name) ? { page: "project", name: `${id}/${name}` } : { page: "projects" };
  }
}

/** Keeps `place` with the address. A path becomes its `#` form, so that links of the page lead on from the root. */
export function followAddress(): void {
  if (location.hash === "" && location.pathname !== "/") history.replaceState(null, "", `/#${location.pathname}`);
  const follow = () => (place.value = parsePlace(location));
  addEventListener("hashchange", follow);
  follow();
}

/** Of an owner or a repository: nothing that would lead a request elsewhere. */
function isName(text: string): boolean {
  return /^[A-Za-z0-9._-]+$/.test(text) && !/^\.+$/.test(text);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
