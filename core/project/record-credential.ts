import type { CredentialRecord } from "../credentials/credential.ts";
import type { EffectId } from "../ids.ts";
import type { Applied, InputOf } from "../inputs.ts";
import type { WorkingSet } from "./working-set.ts";

/** Journals what the Vault has recorded; where someone has to look after a credential, people are told. */
export function recordCredential(set: WorkingSet, { record, tellPeople }: InputOf<"credential-recorded">): Applied {
  const { seq, at, name, version, action, by, detail } = record;
  set.emit({ type: "credential-recorded", data: { seq, at, name, version, action, by, detail } });
  const profile = set.configuration?.profile;
  if (tellPeople && profile !== undefined) {
    set.addEffect({
      id: `${set.lookup.key}.vault-${seq}-${at.toString(36)}` as EffectId,
      orderKey: "credentials",
      issue: null,
      run: null,
      kind: "notify",
      sequenceId: `credential-${name}`.slice(0, 64),
      title: `${profile.name}: credential ${name}`,
      message: noticeOf(profile.name, record),
      priority: 4,
      tags: ["key"],
      click: null,
    });
  }
  return { status: "applied" };
}

/** What has happened to it, and what to do. */
function noticeOf(project: string, { name, action, detail }: CredentialRecord): string {
  const push = `Push a new one: mesh credentials push ${project}.`;
  switch (action) {
    case "invalidated":
      return `The provider no longer renews ${name} (${detail}). It was ended, and agents get it no more. ${push}`;
    case "refresh-failed":
      return `${name} could not be renewed several times (${detail}). It is tried again; when it has expired, agents get it no more. ${push}`;
    case "refused":
      return refusalOf(name, detail) + push;
    default:
      return `${name}: ${action} (${detail}).`;
  }
}

function refusalOf(name: string, detail: string): string {
  return detail === "unknown-key"
    ? `The Vault cannot open ${name}: it was sealed under another master key. Set MASTER_KEY_PREVIOUS to the key before. If that is lost: `
    : `The Vault refused ${name}: its stored row is not what was written (${detail}). Someone or something has changed it. `;
}
