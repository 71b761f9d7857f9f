import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { Policy, PolicyOverrides } from "../../core/policy.ts";
import type { ApiFailure, ApiResult } from "./api.ts";
import { useCommand } from "./command.ts";
import { role } from "./mesh-store.ts";
import { PolicyField } from "./policy-field.tsx";
import { parseValue, patchOf, renderValue, sayValue, sectionsOf, valueAt, type Field, type Schema, type Section } from "./policy-fields.ts";
import { Refusal } from "./refusal.tsx";

interface Props {
  readonly schema: Schema;
  /** What is set here. */
  readonly overrides: PolicyOverrides;
  /** What holds. */
  readonly policy: Policy;
  /** What the value is called that holds where nothing is set here: `default`, or `the mesh's`. */
  readonly below: string;
  /** What holds where nothing is set here; the defaults when left out. */
  readonly belowPolicy?: Policy | undefined;
  /** What the paths of the mesh's refusals begin with: `overrides.` for a project. */
  readonly prefix: string;
  readonly save: (change: Record<string, unknown>) => Promise<ApiResult<unknown>>;
}

/** A form of everything that may be set, section by section; each section is saved by itself. */
export function PolicyForm(props: Props): JSX.Element {
  return (
    <div class="policy">
      {sectionsOf(props.schema).map((section) => (
        <SectionForm key={section.name} section={section} {...props} />
      ))}
    </div>
  );
}

/** What was put down and not saved: a text, or null for "as below". */
type Draft = ReadonlyMap<string, string | null>;

function SectionForm({ section, overrides, policy, below, belowPolicy, prefix, save }: Props & { readonly section: Section }): JSX.Element {
  const draft = useSignal<Draft>(new Map());
  const faults = useSignal<ReadonlyMap<string, string>>(new Map());
  const saved = useSignal(false);
  const command = useCommand();
  const set = section.fields.filter(({ path }) => valueAt(overrides, path) !== undefined).length;
  const may = role.value === "operator";

  function put(path: string, text: string | null): void {
    draft.value = new Map(draft.value).set(path, text);
    saved.value = false;
  }
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const { changes, unreadable } = read(section.fields, draft.value);
    faults.value = unreadable;
    if (unreadable.size > 0 || changes.length === 0) return;
    const answer = await command.run(() => save(patchOf(changes)));
    faults.value = faultsOf(command.failure.value, prefix);
    if (!answer) return;
    draft.value = new Map();
    saved.value = true;
  }
  return (
    <details class="panel">
      <summary>
        {section.title}
        {set > 0 && <span class="quiet"> · {set} set</span>}
        {draft.value.size > 0 && <span class="quiet"> · not saved</span>}
      </summary>
      <form class="form settings" noValidate onSubmit={(event) => void submit(event)}>
        {section.fields.map((field) => {
          const putDown = draft.value.get(field.path);
          const beneath = belowPolicy ? valueAt(belowPolicy, field.path) : field.fallback;
          const holds = renderValue(field, valueAt(policy, field.path));
          return (
            <PolicyField
              key={field.path}
              field={field}
              text={putDown === null ? renderValue(field, beneath) : (putDown ?? holds)}
              isSet={putDown === undefined ? valueAt(overrides, field.path) !== undefined : putDown !== null}
              below={`${below}: ${sayValue(field, beneath)}`}
              fault={faults.value.get(field.path)}
              readOnly={!may}
              onText={(text) => put(field.path, text)}
              onReset={() => put(field.path, null)}
            />
          );
        })}
        {may && (
          <div class="line">
            <button type="submit" disabled={command.busy.value || draft.value.size === 0}>
              {command.busy.value ? "Saving…" : "Save"}
            </button>
            {draft.value.size > 0 && (
              <button type="button" class="plain" onClick={() => (draft.value = new Map())}>
                Forget the changes
              </button>
            )}
            <span role="status" class="receipt">
              {saved.value && "Saved."}
            </span>
          </div>
        )}
        <Refusal failure={command.failure.value} shown={section.fields.map(({ path }) => `${prefix}${path}`)} />
      </form>
    </details>
  );
}

/** What was put down as values, and what of it cannot be read. */
function read(fields: readonly Field[], draft: Draft): { readonly changes: [string, unknown][]; readonly unreadable: Map<string, string> } {
  const changes: [string, unknown][] = [];
  const unreadable = new Map<string, string>();
  for (const field of fields) {
    const text = draft.get(field.path);
    if (text === undefined) continue;
    const parsed = text === null ? { value: null } : parseValue(field, text);
    if (typeof parsed === "string") unreadable.set(field.path, parsed);
    else changes.push([field.path, parsed.value]);
  }
  return { changes, unreadable };
}

/** The mesh's refusals by field; one inside a list counts for the list. */
function faultsOf(failure: ApiFailure | undefined, prefix: string): ReadonlyMap<string, string> {
  return new Map(
    (failure?.issues ?? []).map(({ path, message }) => {
      const inner = path.startsWith(prefix) ? path.slice(prefix.length) : path;
      return [inner.replace(/\.\d+(?:\..*)?$/, ""), message];
    }),
  );
}
