import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import { type Actor, visibleRepository } from "../access.ts";
import { notFound, Refusal } from "../refusal.ts";
import { isPull, type PullRequest } from "../render/render-pull.ts";
import type { Issue, Repository } from "../state.ts";
import type { World } from "../world.ts";

export interface Env {
  Bindings: HttpBindings;
  Variables: { actor: Actor };
}

/** The JSON object a request carries; an empty body is an empty object. @throws 400 "Problems parsing JSON" */
export async function bodyOf(c: Context<Env>): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text === "") return {};
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
    if (Array.isArray(body)) return { labels: body };
  } catch {
    throw new Refusal(400, "UNPROCESSABLE", "Problems parsing JSON");
  }
  throw new Refusal(400, "UNPROCESSABLE", "Body should be a JSON object");
}

/** The repository in the path, as the caller may see it. @throws 404 */
export function repositoryOf(world: World, c: Context<Env>): Repository {
  return visibleRepository(world, c.get("actor"), c.req.param("owner") ?? "", c.req.param("repo") ?? "");
}

export function issueOf(world: World, c: Context<Env>): Issue {
  const issue = world.findIssue(repositoryOf(world, c), Number(c.req.param("number")));
  if (!issue) throw notFound();
  return issue;
}

export function pullOf(world: World, c: Context<Env>): PullRequest {
  const issue = issueOf(world, c);
  if (!isPull(issue)) throw notFound();
  return issue;
}

/** What follows `prefix` in the path, decoded; for refs and file paths, which contain slashes. */
export function restOfPath(c: Context<Env>, prefix: string): string {
  const { owner, repo } = c.req.param() as { owner: string; repo: string };
  return decodeURIComponent(c.req.path.slice(`/repos/${owner}/${repo}/${prefix}`.length));
}

export function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map((entry) => (typeof entry === "string" ? entry : String((entry as { name?: unknown }).name))) : [];
}
