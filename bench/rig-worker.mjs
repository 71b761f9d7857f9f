/**
 * Lets the bench call one orchestrator's methods directly and many times: `POST /<project>/<method>` with the arguments as a JSON array; and lets it
 * watch a session that belongs to no run: a socket at `/feed/<session>`, and `GET /costs/<session>`.
 */
export default {
  async fetch(request, env) {
    const [, project, method] = new URL(request.url).pathname.split("/");
    if (project === "feed") return env.FEEDS.getByName(method).fetch("https://feed/live?from=0", { headers: { upgrade: "websocket" } });
    if (project === "costs") return Response.json(await env.FEEDS.getByName(method).costs());
    const args = await request.json();
    return Response.json((await env.ORCHESTRATORS.getByName(decodeURIComponent(project))[method](...args)) ?? null);
  },
};
