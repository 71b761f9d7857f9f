import type { JournalEvent, JournalPage } from "../../core/events.ts";
import type { LocalMesh } from "../../dev/mesh/local-mesh.ts";
import { until } from "./mesh-fixture.ts";

interface Row {
  seq: number;
  type: string;
  issue: number | null;
  task: string | null;
}

/** Waits until the read model has the whole journal of a project, and gives both for comparison. */
export async function journalAndReadModel(mesh: LocalMesh, project: string): Promise<{ journal: Row[]; readModel: Row[] }> {
  const { profile, view } = await mesh.client.get<{ profile: { key: string }; view: { seq: number } }>(`/projects/${project}`);
  const rows = async (): Promise<Row[]> => {
    const found: Row[] = [];
    let cursor = "";
    do {
      const page = await mesh.client.get<{ items: JournalEvent[]; cursor: string | null }>(
        `/events?project=${encodeURIComponent(profile.key)}&limit=200${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      found.push(...page.items.map(({ seq, type, issue, task }) => ({ seq: Number(seq), type, issue: issue ?? null, task: task ?? null })));
      cursor = page.cursor ?? "";
    } while (cursor !== "");
    return found.toSorted((a, b) => a.seq - b.seq);
  };
  const readModel = await until("the read model catches up", async () => {
    const all = await rows();
    return (all.at(-1)?.seq ?? 0) >= view.seq && all;
  });
  const journal = await journalOf(mesh, project);
  return { journal: journal.filter(({ seq }) => seq <= (readModel.at(-1)?.seq ?? 0)), readModel };
}

/** The journal as the orchestrator has it. */
async function journalOf(mesh: LocalMesh, project: string): Promise<Row[]> {
  const found: Row[] = [];
  for (let after = 0, more = true; more;) {
    const page = await mesh.client.get<JournalPage>(`/projects/${project}/journal?after=${after}&limit=500`);
    found.push(...page.events.map(({ seq, type, issue, task }) => ({ seq, type, issue: issue ?? null, task: task ?? null })));
    after = page.upTo;
    more = page.more;
  }
  return found;
}
