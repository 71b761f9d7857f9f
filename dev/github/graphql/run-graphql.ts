import { schema as published } from "@octokit/graphql-schema";
import {
  buildSchema,
  execute,
  getOperationAST,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  type OperationDefinitionNode,
  parse,
  validate,
} from "graphql";
import type { Actor } from "../access.ts";
import type { RateLimits } from "../rate-limits.ts";
import { Refusal } from "../refusal.ts";
import type { World } from "../world.ts";
import { boardViews } from "./board-views.ts";
import type { Context } from "./context.ts";
import { costOf } from "./cost.ts";
import { issueViews } from "./issue-views.ts";
import { mutationRoot } from "./mutations.ts";
import { queryRoot } from "./query.ts";
import { repositoryViews } from "./repository-views.ts";

export interface GraphQLRequest {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

/** GitHub's answer: HTTP 200 also for errors. */
export interface GraphQLAnswer {
  data?: unknown;
  errors?: unknown[];
}

const MAX_NODES = 500_000;

let built: GraphQLSchema | undefined;

/** GitHub's published schema. The SDL repeats two fields, hence assumed valid. */
export function gitHubSchema(): GraphQLSchema {
  built ??= buildSchema(published.idl, { assumeValid: true, assumeValidSDL: true });
  return built;
}

/** Validates a document against GitHub's schema and answers it from the world, at the cost GitHub would count. */
export async function runGraphQL(world: World, limits: RateLimits, actor: Actor, request: GraphQLRequest): Promise<GraphQLAnswer> {
  const parsed = parsedDocument(request);
  if ("errors" in parsed) return parsed;
  const { document, operation } = parsed;
  const cost = costOf(document, operation, request.variables ?? {});
  if (cost.nodes > MAX_NODES) {
    const message = `This query requests up to ${cost.nodes} possible nodes which exceeds the maximum limit of ${MAX_NODES.toLocaleString("en-US")}.`;
    return { errors: [{ type: "MAX_NODE_LIMIT_EXCEEDED", message }] };
  }
  if (!limits.spend(actor, "graphql", cost.points)) {
    const id = world.findAccount(actor.login)?.id ?? 0;
    return {
      errors: [{ type: "RATE_LIMITED", code: "graphql_rate_limit", message: `API rate limit already exceeded for user ID ${id}.` }],
    };
  }
  const context: Context = {
    world,
    actor,
    views: { ...repositoryViews, ...issueViews, ...boardViews },
    cost: cost.points,
    nodeCount: cost.nodes,
    budget: limits.budget(actor, "graphql"),
  };
  const result = await execute({
    schema: gitHubSchema(),
    document,
    rootValue: operation.operation === "mutation" ? mutationRoot(context) : queryRoot(context),
    contextValue: context,
    variableValues: request.variables ?? {},
    operationName: request.operationName ?? null,
    fieldResolver: resolveField,
  });
  return { ...("data" in result ? { data: result.data } : {}), ...(result.errors ? { errors: result.errors.map(errorAsGitHub) } : {}) };
}

/** The name of the operation a request would run, for the call log and faults. */
export function operationName(request: Partial<GraphQLRequest>): string | undefined {
  if (request.operationName) return request.operationName;
  try {
    return getOperationAST(parse(request.query ?? ""))?.name?.value;
  } catch {
    return undefined; // a document that does not parse is refused when it is run
  }
}

function parsedDocument(
  request: GraphQLRequest,
): { document: ReturnType<typeof parse>; operation: OperationDefinitionNode } | (GraphQLAnswer & { errors: unknown[] }) {
  let document: ReturnType<typeof parse>;
  try {
    document = parse(request.query);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { errors: [{ message: error.message, locations: error.locations }] };
  }
  const errors = validate(gitHubSchema(), document);
  if (errors.length > 0) return { errors: errors.map(errorAsGitHub) };
  const operation = getOperationAST(document, request.operationName);
  return operation ? { document, operation } : { errors: [{ message: "An operation name is required" }] };
}

const PAGING = ["first", "last", "after", "before"];

/** The arguments of connections that are acted upon, beside those of paging. */
const SELECTING: Readonly<Record<string, readonly string[]>> = {
  issues: ["states", "labels", "orderBy"],
  pullRequests: ["states", "headRefName", "baseRefName", "orderBy"],
  projectItems: ["includeArchived"],
  reviews: ["states", "author"],
  closedByPullRequestsReferences: ["includeClosedPrs"],
};

/** A field or argument the stand-in does not have is an error, never a silent null or a longer list. */
const resolveField: GraphQLFieldResolver<Record<string, unknown>, Context> = (source, args, _context, info) => {
  const value = source[info.fieldName];
  const given = info.fieldNodes[0]?.arguments?.map(({ name }) => name.value) ?? [];
  if (given.some((name) => PAGING.includes(name))) {
    const unknown = given.find((name) => !PAGING.includes(name) && !SELECTING[info.fieldName]?.includes(name));
    if (unknown) throw new Error(`The GitHub stand-in does not have the argument ${unknown} of ${info.parentType.name}.${info.fieldName}.`);
  }
  if (typeof value === "function") return value(args, info.fieldName);
  if (value === undefined) throw new Error(`The GitHub stand-in does not have ${info.parentType.name}.${info.fieldName}.`);
  return value;
};

function errorAsGitHub(error: GraphQLError): Record<string, unknown> {
  const cause = error.originalError;
  const known =
    cause instanceof Refusal ? { type: cause.type, message: cause.errors?.[0]?.message ?? cause.message } : { message: error.message };
  const unknownField = /^Cannot query field "(?<field>\w+)" on type "(?<type>\w+)"/.exec(error.message)?.groups;
  return {
    ...known,
    ...(unknownField
      ? {
          message: `Field '${unknownField.field}' doesn't exist on type '${unknownField.type}'`,
          extensions: { code: "undefinedField", typeName: unknownField.type, fieldName: unknownField.field },
        }
      : {}),
    ...(error.path ? { path: error.path } : {}),
    ...(error.locations ? { locations: error.locations } : {}),
  };
}
