import type { LocalMesh } from "../mesh/local-mesh.ts";

export const demoTopic = "mesh-six-demo";

/**
 * A person with a phone: taps the first of the wanted choices that a notification offers, once per notification. Answers a function that puts
 * the phone away.
 */
export function personWithPhone(mesh: Pick<LocalMesh, "ntfy">, wanted: readonly string[], log: (line: string) => void): () => void {
  const tapped = new Set<string>();
  return mesh.ntfy.subscribe(demoTopic, (event) => {
    const label = wanted.find((choice) => event.actions?.some((action) => action.action === "http" && action.label === choice));
    if (label === undefined || tapped.has(event.id)) return;
    tapped.add(event.id);
    mesh.ntfy
      .tap(demoTopic, event.id, label)
      .then((result) => log(`phone: tapped "${label}" (${result.status ?? "no answer"})`))
      .catch((error: unknown) => log(`phone: the tap failed: ${String(error)}`));
  });
}
