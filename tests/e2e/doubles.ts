import { demoTopic } from "../../dev/demo/person.ts";
import type { LocalMesh } from "../../dev/mesh/local-mesh.ts";

const markerOf = /<!-- mesh-six:([^ ]+) -->/g;

/** Everything the mesh left outside more than once: pull requests, comments, bug issues, notifications. Empty when all is well. */
export function doubles(mesh: LocalMesh): string[] {
  const { state } = mesh.github.world;
  const repository = (id: number): string => state.repositories.find((one) => one.id === id)?.name ?? String(id);
  const found: string[] = [];
  const seen = (kind: string, keys: readonly string[]): void => {
    const counts = new Map<string, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const [key, count] of counts) if (count > 1) found.push(`${kind} ${key}: ${count} times`);
  };
  seen(
    "pull request",
    state.issues.flatMap((issue) => (issue.pull ? [`${repository(issue.repositoryId)} ${issue.pull.headRef}`] : [])),
  );
  seen(
    "comment",
    state.comments.flatMap((comment) => {
      const issue = state.issues.find((one) => one.id === comment.issueId);
      return [...comment.body.matchAll(markerOf)].map((match) => `${issue ? repository(issue.repositoryId) : "?"} ${match[1]}`);
    }),
  );
  seen(
    "bug issue",
    state.issues.flatMap((issue) =>
      issue.pull ? [] : [...issue.body.matchAll(markerOf)].map((match) => `${repository(issue.repositoryId)} ${match[1]}`),
    ),
  );
  seen(
    "notification",
    mesh.ntfy
      .events(demoTopic)
      .flatMap((event) => ("sequence_id" in event && event.sequence_id ? [`${event.sequence_id} ${event.message ?? ""}`] : [])),
  );
  return found;
}
