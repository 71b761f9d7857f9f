import { signal } from "@preact/signals";
import type { ComponentType, JSX } from "preact";

/** What lies over the page; `failed` when its code did not come. */
export const overlay = signal<{ readonly Shown: ComponentType } | "failed" | undefined>(undefined);

/** The list of keys, which comes when it is asked for. */
export function openKeys(): void {
  void open(() => import("./keys-dialog.tsx").then(({ KeysDialog }) => KeysDialog));
}

/** The search, which comes when it is asked for. */
export function openSearch(): void {
  void open(() => import("./search-dialog.tsx").then(({ SearchDialog }) => SearchDialog));
}

export function closeOverlay(): void {
  overlay.value = undefined;
}

/** What lies over the page, if anything does. */
export function Overlay(): JSX.Element | null {
  const shown = overlay.value;
  if (shown === undefined) return null;
  if (shown !== "failed") return <shown.Shown />;
  return (
    <p role="alert" class="notice bad over">
      The code for this did not come. <button onClick={closeOverlay}>Close</button>
    </p>
  );
}

async function open(load: () => Promise<ComponentType>): Promise<void> {
  try {
    overlay.value = { Shown: await load() };
  } catch {
    overlay.value = "failed";
  }
}
