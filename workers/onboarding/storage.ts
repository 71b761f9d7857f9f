import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";

/** Writes, reads and deletes a small object where the project's journal will be archived. */
export async function storage({ env, onboarding }: ActivityContext): Promise<ActivityOutcome> {
  const prefix = `journal/${profileOf(onboarding).key}/`;
  // Not named like an archive's object, which begins with a digit.
  const name = `${prefix}probe-${onboarding.id}`;
  const text = `${onboarding.id} attempt ${onboarding.attempt}`;
  await env.ARCHIVE.put(name, text);
  const read = await (await env.ARCHIVE.get(name))?.text();
  await env.ARCHIVE.delete(name);
  if (read !== text)
    throw new ActivityFailure(
      "storage-unreadable",
      `What was written to ${name} could not be read back.`,
      "Look at the bucket of the binding ARCHIVE in the Worker's settings (`mesh doctor`), then retry.",
    );
  return done(`Written, read and deleted under ${prefix} of the archive's bucket`);
}
