import { signal } from "@preact/signals";

/** Which page is shown. */
export type Place = { readonly page: "projects" | "questions" | "history" } | { readonly page: "question"; readonly id: string };

/** Where the address points to. */
export const place = signal<Place>({ page: "projects" });

/** `#/questions/<id>` as pages link, or the path `/questions/<id>` as notifications do; what is not known is the projects' page. */
export function parsePlace({ hash, pathname }: { readonly hash: string; readonly pathname: string }): Place {
  const [, page = "", id = ""] = (hash === "" ? pathname : hash.slice(1)).replace(/\/+$/, "").split("/");
  if (page === "history") return { page };
  if (page !== "questions") return { page: "projects" };
  return id === "" ? { page } : { page: "question", id: decoded(id) };
}

/** Keeps `place` with the address. A path becomes its `#` form, so that links of the page lead on from the root. */
export function followAddress(): void {
  if (location.hash === "" && location.pathname !== "/") history.replaceState(null, "", `/#${location.pathname}`);
  const follow = () => (place.value = parsePlace(location));
  addEventListener("hashchange", follow);
  follow();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
