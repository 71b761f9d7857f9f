interface Query {
  readonly query: string;
  readonly params: readonly unknown[];
}

/**
 * Answers Neon's protocol over HTTP for what the projection and deletions ask: the cursor, moved only from where it stands, and how much came with it;
 * what a project's deletion deletes is its cursor. Of sessions it keeps what was last written.
 */
export function createCursors() {
  const cursors = new Map<string, number>();
  const unlisted: string[] = [];
  const sessions = new Map<string, { readonly project: string; readonly output_bytes: number | null }>();
  const moves: { project: string; from: number; to: number; statements: number }[] = [];
  const empty = { command: "SELECT", rowCount: 0, fields: [], rows: [], rowAsArray: true };
  const state = { away: false };
  async function answer(_url: string, init: { body: string }): Promise<Response> {
    if (state.away) return new Response("away", { status: 503 });
    const said = JSON.parse(init.body) as Query | { queries: Query[] };
    if (!("queries" in said)) {
      if (!said.query.includes("projection_cursors")) return answerOther(said);
      const seq = cursors.get(String(said.params[0]));
      const rows = seq === undefined ? [] : [[String(seq)]];
      return Response.json({ ...empty, rowCount: rows.length, fields: [{ name: "seq", dataTypeID: 20 }], rows });
    }
    if (said.queries.some(({ query }) => query.includes("delete from"))) return forget(said.queries);
    const [advance, ...rows] = said.queries;
    const [project, , from, to] = (advance?.params ?? []).map(String);
    const stands = cursors.get(project ?? "") ?? 0;
    if (stands !== Number(from)) return Response.json({ message: "elsewhere", code: "M6001", detail: String(stands) }, { status: 400 });
    cursors.set(project ?? "", Number(to));
    for (const { query, params } of rows) {
      if (!query.startsWith('insert into "implementation_sessions"')) continue;
      const written = JSON.parse(String(params[0])) as { id: string; project: string; output_bytes: number | null }[];
      for (const { id, ...session } of written) sessions.set(id, session);
    }
    moves.push({ project: project ?? "", from: Number(from), to: Number(to), statements: rows.length });
    return Response.json({ results: said.queries.map(() => empty) });
  }
  function answerOther({ query, params }: Query): Response {
    if (query.startsWith('select "id" from "implementation_sessions"')) {
      const ids = [...sessions].filter(([, { project }]) => project === params[0]).map(([id]) => [id]);
      return Response.json({ ...empty, rowCount: ids.length, fields: [{ name: "id", dataTypeID: 25 }], rows: ids });
    }
    if (query.includes('delete from "repo_registry"')) unlisted.push(String(params[0]));
    if (!query.includes("pg_class")) return Response.json(empty);
    return Response.json({ ...empty, rowCount: 1, fields: [{ name: "name", dataTypeID: 19 }], rows: [["projection_cursors"]] });
  }
  function forget(queries: readonly Query[]): Response {
    const results = queries.map(({ query, params }) => {
      const gone = query.includes('"projection_cursors"') && cursors.delete(String(params[0]));
      return { ...empty, rowCount: 1, fields: [{ name: "n", dataTypeID: 20 }], rows: [[gone ? "1" : "0"]] };
    });
    return Response.json({ results });
  }
  return { cursors, moves, sessions, unlisted, state, answer };
}
