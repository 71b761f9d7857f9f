import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode, type ValueNode } from "graphql";

export interface Cost {
  /** Points of the hourly budget, at least 1. */
  points: number;
  /** How many nodes the query may return at most. */
  nodes: number;
}

/**
 * What a query costs: the requests its connections need, each counted as often as its parents can occur, divided by 100.
 * @see https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
 */
export function costOf(document: DocumentNode, operation: OperationDefinitionNode, variables: Record<string, unknown>): Cost {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  );
  let requests = 0;
  let nodes = 0;

  function walk(selections: SelectionSetNode | undefined, parents: number): void {
    for (const selection of selections?.selections ?? []) {
      if (selection.kind === Kind.INLINE_FRAGMENT) walk(selection.selectionSet, parents);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) walk(fragments.get(selection.name.value)?.selectionSet, parents);
      else {
        const size = selection.arguments?.find(({ name }) => name.value === "first" || name.value === "last")?.value;
        if (!size) walk(selection.selectionSet, parents);
        else {
          requests += parents;
          const children = parents * numberOf(size, variables);
          nodes += children;
          walk(selection.selectionSet, children);
        }
      }
    }
  }

  walk(operation.selectionSet, 1);
  return { points: Math.max(1, Math.round(requests / 100)), nodes };
}

function numberOf(value: ValueNode, variables: Record<string, unknown>): number {
  if (value.kind === Kind.INT) return Number(value.value);
  if (value.kind === Kind.VARIABLE) return Number(variables[value.name.value] ?? 0);
  return 0;
}
