import { createHmac, randomUUID } from "node:crypto";
import type { JsonFile } from "./json-file.ts";
import { renderAccount, renderOrganization } from "./render/render-account.ts";
import { renderHook } from "./render/render-hook.ts";
import { renderRepository } from "./render/render-repository.ts";
import type { Delivery, Hook, Installation } from "./state.ts";
import { same, type Occurrence, type World } from "./world.ts";

/** GitHub waits this long for an answer. @see https://docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks */
export const DELIVERY_LIMIT_MS = 10_000;

const KEPT_PER_HOOK = 500;

export interface Webhooks {
  deliveries(hook: Hook): Delivery[];
  /** Tells a hook that it was made, as GitHub does. */
  ping(hook: Hook, sender: string): void;
  /** Sends a delivery again, with its old `guid` and body. */
  redeliver(delivery: Delivery): void;
  /** Resolves when nothing is on its way. */
  settled(): Promise<void>;
  /** Gives up what is on its way. */
  close(): Promise<void>;
}

/**
 * Sends every occurrence to the webhooks that asked for it: those of the repository, of its organisation, and of Apps installed there.
 * Each is sent once, at once and in no order, whatever the answer; failures are only recorded, as on GitHub.
 */
export function startWebhooks(world: World, file: JsonFile<Delivery[]>): Webhooks {
  const underway = new Set<Promise<void>>();
  const stopping = new AbortController();

  world.follow((occurrence) => {
    for (const { hook, installation } of listeners(world, occurrence)) {
      send(hook, occurrence.event, payloadOf(world, occurrence, installation), {
        installation,
        repositoryId: occurrence.repository?.id ?? null,
      });
    }
  });

  function send(
    hook: Hook,
    event: string,
    payload: Record<string, unknown>,
    context: { installation?: Installation | undefined; repositoryId?: number | null; guid?: string; headers?: Record<string, string> },
  ): void {
    const delivery: Delivery = {
      id: world.state.nextId++,
      guid: context.guid ?? randomUUID(),
      hookId: hook.id,
      deliveredAt: new Date().toISOString(),
      redelivery: context.guid !== undefined,
      duration: 0,
      status: "pending",
      statusCode: 0,
      event,
      action: typeof payload.action === "string" ? payload.action : null,
      installationId: context.installation?.id ?? null,
      repositoryId: context.repositoryId ?? null,
      request: { headers: {}, payload },
      response: { headers: {}, payload: "" },
    };
    const sending = post(world, hook, delivery, stopping.signal).then(() => {
      if (stopping.signal.aborted) return;
      file.value.push(delivery);
      const same = file.value.filter((other) => other.hookId === hook.id);
      const oldest = same[0];
      if (same.length > KEPT_PER_HOOK && oldest) file.value.splice(file.value.indexOf(oldest), 1);
      file.changed();
    });
    underway.add(sending);
    void sending.finally(() => underway.delete(sending));
  }

  return {
    deliveries: (hook) => file.value.filter((delivery) => delivery.hookId === hook.id).reverse(),
    ping(hook, sender) {
      const target =
        hook.target.type === "repository"
          ? { repository: renderRepository(world, world.repository(hook.target.repositoryId)) }
          : hook.target.type === "organization"
            ? { organization: renderOrganization(world, hook.target.login) }
            : {};
      send(
        hook,
        "ping",
        {
          zen: "Keep it logically awesome.",
          hook_id: hook.id,
          hook: renderHook(world, hook),
          ...target,
          sender: renderAccount(world, sender),
        },
        {},
      );
    },
    redeliver(delivery) {
      const hook = world.state.hooks.find((candidate) => candidate.id === delivery.hookId);
      const installation = world.state.installations.find((candidate) => candidate.id === delivery.installationId);
      if (hook)
        send(hook, delivery.event, delivery.request.payload, { installation, repositoryId: delivery.repositoryId, guid: delivery.guid });
    },
    async settled() {
      while (underway.size > 0) await Promise.all(underway);
    },
    async close() {
      stopping.abort();
      await Promise.all(underway);
    },
  };
}

function listeners(world: World, occurrence: Occurrence): { hook: Hook; installation?: Installation }[] {
  const owner = occurrence.repository?.owner ?? occurrence.organization;
  if (owner === undefined) return [];
  const found: { hook: Hook; installation?: Installation }[] = [];
  for (const hook of world.state.hooks) {
    if (!hook.active || !(hook.events.includes("*") || hook.events.includes(occurrence.event))) continue;
    const { target } = hook;
    switch (target.type) {
      case "repository":
        if (target.repositoryId === occurrence.repository?.id) found.push({ hook });
        break;
      case "organization":
        if (same(target.login, owner)) found.push({ hook });
        break;
      case "integration": {
        const installation = world.state.installations.find(
          (candidate) => candidate.appId === target.appId && same(candidate.account, owner),
        );
        const repository = occurrence.repository;
        const reaches = repository
          ? installation?.repositories === "all" || installation?.repositories.includes(repository.id)
          : installation?.permissions.organization_projects !== undefined;
        if (installation && reaches) found.push({ hook, installation });
      }
    }
  }
  return found;
}

function payloadOf(world: World, occurrence: Occurrence, installation: Installation | undefined): Record<string, unknown> {
  const organization = occurrence.organization ?? (occurrence.repository && world.organizationOf(occurrence.repository));
  return {
    ...(occurrence.action === undefined ? {} : { action: occurrence.action }),
    ...(occurrence.repository ? { repository: renderRepository(world, occurrence.repository) } : {}),
    ...occurrence.payload,
    ...(organization ? { organization: renderOrganization(world, organization) } : {}),
    sender: renderAccount(world, occurrence.sender),
    ...(installation ? { installation: { id: installation.id, node_id: `MDIz${installation.id}` } } : {}),
  };
}

async function post(world: World, hook: Hook, delivery: Delivery, stopping: AbortSignal): Promise<void> {
  const json = JSON.stringify(delivery.request.payload);
  const body = hook.contentType === "json" ? json : new URLSearchParams({ payload: json }).toString();
  const headers: Record<string, string> = {
    Accept: "*/*",
    "Content-Type": hook.contentType === "json" ? "application/json" : "application/x-www-form-urlencoded",
    "User-Agent": "GitHub-Hookshot/0000000",
    "X-GitHub-Delivery": delivery.guid,
    "X-GitHub-Event": delivery.event,
    "X-GitHub-Hook-ID": String(hook.id),
    "X-GitHub-Hook-Installation-Target-ID": String(targetId(world, hook)),
    "X-GitHub-Hook-Installation-Target-Type": hook.target.type,
  };
  if (hook.secret !== null) {
    headers["X-Hub-Signature"] = `sha1=${createHmac("sha1", hook.secret).update(body).digest("hex")}`;
    headers["X-Hub-Signature-256"] = `sha256=${createHmac("sha256", hook.secret).update(body).digest("hex")}`;
  }
  delivery.request.headers = headers;
  const started = performance.now();
  const limit = AbortSignal.timeout(DELIVERY_LIMIT_MS);
  try {
    const response = await fetch(hook.url, {
      method: "POST",
      headers,
      body,
      redirect: "manual",
      signal: AbortSignal.any([limit, stopping]),
    });
    delivery.response = { headers: Object.fromEntries(response.headers), payload: (await response.text()).slice(0, 10_000) };
    delivery.statusCode = response.status;
    delivery.status = response.ok ? "OK" : `Invalid HTTP Response: ${response.status}`;
  } catch {
    delivery.status = limit.aborted ? "timed out" : "failed to connect to host";
    delivery.statusCode = limit.aborted ? 504 : 502;
  }
  delivery.duration = Math.round(performance.now() - started) / 1000;
}

function targetId(world: World, hook: Hook): number {
  switch (hook.target.type) {
    case "repository":
      return hook.target.repositoryId;
    case "organization":
      return world.account(hook.target.login).id;
    case "integration":
      return hook.target.appId;
  }
}
