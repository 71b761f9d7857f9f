import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { CredentialHealth, CredentialView, SealFault } from "../../core/credentials/credential.ts";
import { post, remove } from "./api.ts";
import { useCommand } from "./command.ts";
import { CredentialHistory } from "./credential-history.tsx";
import { CredentialPushForm } from "./credential-push-form.tsx";
import { Mark } from "./mark.tsx";
import { role } from "./mesh-store.ts";
import { OutsideName } from "./outside-name.tsx";
import { Refusal } from "./refusal.tsx";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";
import { Ago, now, renderClock } from "./when.tsx";

/** What a project's agents log in with: whether it holds, what is known of it, and what was done with it. Never a value. */
export function ProjectCredentials({ name }: { readonly name: string }): JSX.Element {
  const health = useAnswer<CredentialHealth>(`/projects/${name}/credentials/health`);
  /** Moves on with every change, so that the history is read again. */
  const changes = useSignal(0);
  async function changed(): Promise<void> {
    changes.value += 1;
    await health.again();
  }
  const shown = health.value.value;
  return (
    <section class="panel" aria-labelledby="credentials">
      <h2 id="credentials">Credentials</h2>
      <Standing answer={health} what="credentials" rows={2} />
      {shown && <Health health={shown} />}
      {shown && shown.credentials.length > 0 && (
        <ul class="past">
          {shown.credentials.map((credential) => (
            <Credential key={credential.name} name={name} credential={credential} onChanged={() => void changed()} />
          ))}
        </ul>
      )}
      {role.value === "operator" && <CredentialPushForm name={name} onPushed={() => void changed()} />}
      <CredentialHistory name={name} changes={changes.value} />
    </section>
  );
}

function Health({ health }: { readonly health: CredentialHealth }): JSX.Element {
  const { hasValidCredential, expiresAt, hasRefreshToken, activeBundleId } = health;
  return (
    <p class="standing">
      <Mark standing={hasValidCredential ? "done" : "warned"} word={hasValidCredential ? "valid" : "none"} />
      <span>
        {hasValidCredential ? "Agents have a credential that holds" : "Agents have none from the mesh; they use the runner's own login"}
        <span class="quiet">
          {expiresAt !== null && ` · until ${renderClock(expiresAt, now.value)}`}
          {hasRefreshToken && " · renewed by itself"}
          {activeBundleId !== null && " · a runner has it now"}
        </span>
      </span>
    </p>
  );
}

const faults: Readonly<Record<SealFault, string>> = {
  "unknown-key": "it was sealed under another master key",
  tampered: "what is stored was changed",
  moved: "what is stored belongs elsewhere",
  "rolled-back": "what is stored is an older version",
  malformed: "what is stored cannot be read",
};

interface CredentialProps {
  readonly name: string;
  readonly credential: CredentialView;
  readonly onChanged: () => void;
}

function Credential({ name, credential, onChanged }: CredentialProps): JSX.Element {
  const command = useCommand();
  const sure = useSignal(false);
  const { invalidatedAt } = credential;
  const path = `/projects/${name}/credentials`;
  async function refresh(): Promise<void> {
    if (await command.run(() => post(`${path}/refresh`, { name: credential.name }))) onChanged();
  }
  async function end(): Promise<void> {
    sure.value = false;
    if (await command.run(() => remove(`${path}/${encodeURIComponent(credential.name)}`))) onChanged();
  }
  return (
    <li class="credential">
      <h3>
        {credential.name} <span class="quiet">version {credential.version}</span>
      </h3>
      <p>
        {credential.variables.map((variable) => (
          <code key={variable}>{variable} </code>
        ))}
      </p>
      <p class="quiet">
        put in by <OutsideName text={credential.pushedBy} most={80} /> · <Ago at={credential.pushedAt} />
        {credential.lastRefreshAt !== null && (
          <>
            {" · renewed "}
            <Ago at={credential.lastRefreshAt} />
          </>
        )}
        {credential.expiresAt !== null && ` · until ${renderClock(credential.expiresAt, now.value)}`}
        {credential.fault && (
          <>
            {" · "}
            <span class="tag silence">cannot be opened: {faults[credential.fault]}</span>
          </>
        )}
        {invalidatedAt !== null && (
          <>
            {" · "}
            <span class="tag">ended</span> <Ago at={invalidatedAt} />
          </>
        )}
      </p>
      {role.value === "operator" && invalidatedAt === null && (
        <div class="line">
          {credential.hasRefreshToken && (
            <button class="plain" disabled={command.busy.value} onClick={() => void refresh()}>
              Renew now
            </button>
          )}
          {sure.value ? (
            <>
              <button class="danger" disabled={command.busy.value} onClick={() => void end()}>
                Really end it
              </button>
              <button class="plain" onClick={() => (sure.value = false)}>
                Keep it
              </button>
            </>
          ) : (
            <button class="plain" disabled={command.busy.value} onClick={() => (sure.value = true)}>
              End it
            </button>
          )}
        </div>
      )}
      <Refusal failure={command.failure.value} />
    </li>
  );
}
