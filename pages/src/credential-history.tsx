import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { CredentialRecord } from "../../core/credentials/credential.ts";
import { get, type ApiFailure, type Listed } from "./api.ts";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { Ago } from "./when.tsx";

interface Props {
  readonly name: string;
  /** Another number: something was changed, so the newest are read again. */
  readonly changes: number;
}

/** What was done with a project's credentials and by whom, newest first; read when it is opened. */
export function CredentialHistory({ name, changes }: Props): JSX.Element {
  const records = useSignal<readonly CredentialRecord[] | undefined>(undefined);
  const cursor = useSignal<string | number | null>(null);
  const failure = useSignal<ApiFailure | undefined>(undefined);
  const open = useSignal(false);
  async function load(after: string | number | null): Promise<void> {
    const answer = await get<Listed<CredentialRecord>>(`/projects/${name}/credentials/history${after === null ? "" : `?cursor=${after}`}`);
    failure.value = answer.ok ? undefined : answer.error;
    if (!answer.ok) return;
    records.value = [...(after === null ? [] : (records.value ?? [])), ...answer.value.items];
    cursor.value = answer.value.cursor;
  }
  useEffect(() => {
    if (open.value) void load(null);
  }, [open.value, changes]);
  return (
    <details onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>What was done with them</summary>
      {failure.value && (
        <p role="alert" class="refusal">
          {failure.value.detail}
        </p>
      )}
      {records.value?.length === 0 && <p class="quiet">Nothing yet.</p>}
      {records.value && records.value.length > 0 && (
        <ul class="past">
          {records.value.map(({ seq, at, name: credential, version, action, by, detail }) => (
            <li key={seq}>
              <span>{action.replaceAll("-", " ")}</span>
              <span class="quiet">
                {credential} {version} · <OutsideName text={by} most={80} />
                {detail !== "" && (
                  <>
                    {" · "}
                    <OutsideText text={detail} most={300} />
                  </>
                )}{" "}
                · <Ago at={at} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {cursor.value !== null && (
        <button class="plain" onClick={() => void load(cursor.value)}>
          Older
        </button>
      )}
    </details>
  );
}
