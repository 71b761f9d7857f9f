import { ClientError, failedWith } from "../../clients/client-error.ts";
import type { CredentialView, RefreshRefusal } from "../../core/credentials/credential.ts";
import type { ProjectKey } from "../../core/ids.ts";
import type { Result } from "../../core/result.ts";
import { secondMs } from "../../core/time.ts";
import { vault } from "../../durable-objects/remote.ts";
import { errorText, log } from "../../platform/log.ts";
import type { Clients } from "../clients.ts";

const givenBackTries = 3;

/**
 * Renews one access token: leases what is needed, asks the provider, gives back what came of it. Throws the provider's ClientError after it was noted;
 * `invalid_grant` has then ended the credential. `asked`: a person wants it now, whatever is due.
 */
export async function refreshCredential(
  env: Env,
  clients: Pick<Clients, "oauth">,
  project: ProjectKey,
  { name, by, asked }: { readonly name: string; readonly by: string; readonly asked: boolean },
): Promise<Result<CredentialView, RefreshRefusal | "superseded">> {
  const owner = vault(env, project);
  const leased = await owner.leaseRefresh(name, by, asked);
  if (!leased.ok) return leased;
  const { grant, lease, version } = leased.value;
  try {
    const tokens = await clients.oauth.refresh(grant);
    // The provider may have ended the refresh token with this: what it gave is the only way on.
    return await persistently(() => owner.refreshed({ name, version }, tokens, by));
  } catch (error) {
    const known = error instanceof ClientError;
    const reason = known ? error.message : "an error of the mesh itself; see its log";
    const failure = { reason, final: failedWith(error, "gone"), retryAt: (known ? error.retryAt : undefined) ?? null };
    await owner.refreshFailed({ name, lease, version }, failure, by);
    log("warn", "a credential was not renewed", { project, reason: known ? error.code : "internal", error: errorText(error) });
    throw error;
  }
}

async function persistently<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await act();
    } catch (error) {
      if (tries >= givenBackTries) throw error;
      await scheduler.wait(tries * secondMs);
    }
  }
}
