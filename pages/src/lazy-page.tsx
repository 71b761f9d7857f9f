import { signal, type Signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";
import { LoadingState } from "./loading-state.tsx";

type State<Props> = { readonly is: "waiting" | "failed" } | { readonly is: "there"; readonly Page: ComponentType<Props> };

/**
 * A page whose code comes in a chunk of its own when it is first shown. While it comes, and when it does not, the page says so; a deployment in between
 * takes old chunks away, so what helps then is to load the dashboard anew.
 */
export function lazyPage<Props extends object>(load: () => Promise<ComponentType<Props>>): (props: Props) => JSX.Element {
  const state: Signal<State<Props>> = signal({ is: "waiting" });
  let asked = false;
  function ask(): void {
    asked = true;
    state.value = { is: "waiting" };
    load().then(
      (Page) => (state.value = { is: "there", Page }),
      () => (state.value = { is: "failed" }),
    );
  }
  return (props) => {
    if (!asked) queueMicrotask(ask);
    asked = true;
    const now = state.value;
    if (now.is === "there") return <now.Page {...props} />;
    if (now.is === "waiting") {
      return <LoadingState what="the page" rows={3} />;
    }
    return (
      <p role="alert" class="notice bad">
        This page's code did not come. <button onClick={ask}>Try again</button>{" "}
        <button class="plain" onClick={() => location.reload()}>
          Load the dashboard anew
        </button>
      </p>
    );
  };
}
