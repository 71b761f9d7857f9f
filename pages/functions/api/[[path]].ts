import { openDatabase } from "../../../drizzle/database.ts";
import { isRead, readApi } from "../../../drizzle/read-api.ts";

/** What the dashboard's functions are given by Pages. */
export interface DashboardEnv {
  /** The Worker, by service binding. */
  readonly MESH: { fetch(request: Request): Promise<Response> };
  readonly DATABASE_URL?: string;
  readonly DATABASE_FETCH_ENDPOINT?: string;
}

/**
 * `/api/*` on the dashboard's own origin: history is read from the database here, everything else (live state, commands, login,
 * sockets) is the Worker's. The origin stays in the forwarded address, since the Worker compares it with the `Origin` header.
 */
export async function onRequest({ request, env }: { readonly request: Request; readonly env: DashboardEnv }): Promise<Response> {
  const inner = withoutPrefix(request);
  if (!env.DATABASE_URL || !isRead(inner)) return env.MESH.fetch(inner);
  const refusal = await turnedAway(inner, env);
  if (refusal) return refusal;
  const read = readApi(openDatabase({ url: env.DATABASE_URL, fetchEndpoint: env.DATABASE_FETCH_ENDPOINT }));
  return (await read(inner)) ?? env.MESH.fetch(inner);
}

/** The Worker knows who is asking; its refusal (401 or 403) is passed on as it is. */
async function turnedAway(request: Request, env: DashboardEnv): Promise<Response | undefined> {
  const headers = new Headers();
  for (const name of ["cookie", "authorization", "x-request-id"]) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const session = await env.MESH.fetch(new Request(new URL("/session", request.url), { headers }));
  return session.ok ? undefined : session;
}

function withoutPrefix(request: Request): Request {
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(/^\/api(?=\/|$)/, "") || "/";
  return new Request(url, request);
}
