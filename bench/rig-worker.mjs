/** Lets the bench call one orchestrator's methods directly and many times: `POST /<project>/<method>` with the arguments as a JSON array. */
export default {
  async fetch(request, env) {
    const [, project, method] = new URL(request.url).pathname.split("/");
    const args = await request.json();
    return Response.json((await env.ORCHESTRATORS.getByName(decodeURIComponent(project))[method](...args)) ?? null);
  },
};
