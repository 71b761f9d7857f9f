import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { LoginMode, OnboardingView } from "../../core/onboarding/view.ts";
import { post } from "./api.ts";
import { useCommand } from "./command.ts";
import { hearOnboarding } from "./onboarding-store.ts";
import { Refusal } from "./refusal.tsx";

const logins: readonly { readonly mode: LoginMode; readonly name: string; readonly about: string }[] = [
  {
    mode: "api-key",
    name: "An API key",
    about: "You put it in when it is asked for; the mesh keeps it sealed and hands it to the runner.",
  },
  { mode: "runner", name: "The runner's own login", about: "You run one command on the runner's machine; nothing reaches the mesh." },
  { mode: "device", name: "A device code", about: "The runner shows a code here, and you type it at the vendor's site." },
];

const extras = [
  ["skipDevContainer", "Propose no dev container"],
  ["skipTrial", "Do not try the project out on a runner"],
  ["skipAuth", "Leave the agent's login as it is"],
  ["skipLiteLLM", "Make no model budget"],
  ["actionsRunner", "Bring a GitHub Actions workflow that hosts a runner"],
] as const;

/** Begins to onboard a repository, and goes on to its page. */
export function OnboardingForm(): JSX.Element {
  const repository = useSignal("");
  const board = useSignal("");
  const login = useSignal<LoginMode>("api-key");
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const command = useCommand();

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const adopted = boardOf(board.value);
    const request = {
      repository: repository.value.trim(),
      ...(adopted ? { board: adopted } : {}),
      login: login.value,
      ...Object.fromEntries([...chosen.value].map((name) => [name, true])),
    };
    const begun = await command.run(() => post<OnboardingView>("/onboard", request));
    if (!begun) return;
    hearOnboarding(begun.value);
    location.hash = `#/onboarding/${encodeURIComponent(begun.value.id)}`;
  }
  const faulty = (path: string) => command.failure.value?.issues?.find((issue) => issue.path === path)?.message;
  return (
    <section class="panel" aria-labelledby="begin">
      <h2 id="begin">Onboard a repository</h2>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <div class="field">
          <label for="repository">Repository</label>
          <input
            id="repository"
            required
            placeholder="owner/name"
            pattern="[A-Za-z0-9\-]+/[A-Za-z0-9._\-]+"
            title="owner/name"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={repository.value}
            aria-invalid={faulty("repository") !== undefined}
            onInput={(event) => (repository.value = event.currentTarget.value)}
          />
          <p class="refusal">{faulty("repository")}</p>
        </div>
        <fieldset>
          <legend>How the coding agent logs in</legend>
          {logins.map(({ mode, name, about }) => (
            <label key={mode} class="choice">
              <input type="radio" name="login" checked={login.value === mode} onChange={() => (login.value = mode)} />
              <span>
                {name}
                <span class="quiet">{about}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <details>
          <summary>More</summary>
          <div class="form">
            <div class="field">
              <label for="board">Board to adopt</label>
              <input
                id="board"
                placeholder="its address, or owner/number"
                pattern=".*[A-Za-z0-9\-]+/(projects/)?[0-9]+.*"
                title="the board's address, or owner/number"
                autocomplete="off"
                value={board.value}
                aria-describedby="board-about"
                onInput={(event) => (board.value = event.currentTarget.value)}
              />
              <p id="board-about" class="quiet">
                Left empty, the mesh makes one, or takes the one it made before. Nothing that is on a board is changed, only added to.
              </p>
            </div>
            {extras.map(([name, about]) => (
              <label key={name} class="choice">
                <input
                  type="checkbox"
                  checked={chosen.value.has(name)}
                  onChange={({ currentTarget: { checked } }) =>
                    (chosen.value = new Set([...chosen.value, name].filter((one) => checked || one !== name)))
                  }
                />
                <span>{about}</span>
              </label>
            ))}
          </div>
        </details>
        <Refusal failure={command.failure.value} shown={["repository"]} />
        <button type="submit" disabled={command.busy.value}>
          {command.busy.value ? "Beginning…" : "Begin"}
        </button>
      </form>
    </section>
  );
}

/** `https://github.com/orgs/acme/projects/3`, `acme/3` → whose board, and which. */
export function boardOf(text: string): { readonly owner: string; readonly number: number } | undefined {
  const [, owner, number] = /([A-Za-z0-9-]+)\/(?:projects\/)?(\d+)/.exec(text) ?? [];
  return owner && number ? { owner, number: Number(number) } : undefined;
}
