/** R2 lists and deletes so many at once, at most. https://developers.cloudflare.com/r2/api/workers/workers-api-reference/#r2listoptions */
const atOnce = 1_000;

/** Deletes all objects of the archive whose names begin with one of the prefixes; answers how many. */
export async function deleteObjects(env: Env, prefixes: readonly string[]): Promise<number> {
  let deleted = 0;
  for (const prefix of prefixes) {
    for (;;) {
      const { objects } = await env.ARCHIVE.list({ prefix, limit: atOnce });
      if (objects.length === 0) break;
      await env.ARCHIVE.delete(objects.map(({ key }) => key));
      deleted += objects.length;
    }
  }
  return deleted;
}
