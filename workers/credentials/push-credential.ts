import { ClientError } from "../../clients/client-error.ts";
import { checkTokenUrl } from "../../clients/oauth/oauth.ts";
import type { CredentialPush, CredentialView, VaultRefusal } from "../../core/credentials/credential.ts";
import type { ProjectKey } from "../../core/ids.ts";
import { refused } from "../../core/result.ts";
import type { Issue, Result } from "../../core/result.ts";
import { vault } from "../../durable-objects/remote.ts";
import { settingsOf } from "../../platform/config.ts";
import { forgetRest } from "../scheduled/rest-memory.ts";

/**
 * Puts a credential, whose form was checked by `credentialPush`, into the project's Vault, and has the next reconcile look when it is to be renewed.
 * Refused with the fault's path where its tokens may not be renewed at the address it names. The same credential twice is one version.
 */
export async function pushCredential(
  env: Env,
  project: ProjectKey,
  push: CredentialPush,
  by: string,
): Promise<Result<CredentialView, VaultRefusal | readonly Issue[]>> {
  if (push.refresh !== null) {
    const fault = await tokenUrlFaultOf(push.refresh.tokenUrl, settingsOf(env).ALLOW_PRIVATE_ADDRESSES);
    if (fault !== undefined) return refused([{ path: "refresh.tokenUrl", message: fault }]);
  }
  const pushed = await vault(env, project).push(push, by);
  if (pushed.ok && push.refresh !== null) await forgetRest(env);
  return pushed;
}

async function tokenUrlFaultOf(url: string, allowPrivate: boolean): Promise<string | undefined> {
  try {
    await checkTokenUrl(url, allowPrivate);
    return undefined;
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return error.message;
  }
}
