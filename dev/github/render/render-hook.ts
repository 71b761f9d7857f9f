import type { Delivery, Hook } from "../state.ts";
import type { World } from "../world.ts";

function hookApi(world: World, hook: Hook): string {
  switch (hook.target.type) {
    case "repository":
      return `${world.repositoryApi(world.repository(hook.target.repositoryId))}/hooks/${hook.id}`;
    case "organization":
      return `${world.publicUrl}/orgs/${hook.target.login}/hooks/${hook.id}`;
    case "integration":
      return `${world.publicUrl}/app/hook`;
  }
}

/** A webhook as REST shows it: its secret never. */
export function renderHook(world: World, hook: Hook): Record<string, unknown> {
  const api = hookApi(world, hook);
  return {
    type: hook.target.type === "repository" ? "Repository" : hook.target.type === "organization" ? "Organization" : "App",
    id: hook.id,
    name: "web",
    active: hook.active,
    events: hook.events,
    config: {
      content_type: hook.contentType,
      insecure_ssl: "0",
      url: hook.url,
      ...(hook.secret === null ? {} : { secret: "********" }),
    },
    created_at: hook.createdAt,
    updated_at: hook.updatedAt,
    url: api,
    ping_url: `${api}/pings`,
    deliveries_url: `${api}/deliveries`,
  };
}

export function renderDelivery(delivery: Delivery): Record<string, unknown> {
  return {
    id: delivery.id,
    guid: delivery.guid,
    delivered_at: delivery.deliveredAt,
    redelivery: delivery.redelivery,
    duration: delivery.duration,
    status: delivery.status,
    status_code: delivery.statusCode,
    event: delivery.event,
    action: delivery.action,
    installation_id: delivery.installationId,
    repository_id: delivery.repositoryId,
    throttled_at: null,
  };
}

export function deliveryUrl(world: World, hook: Hook, delivery: Delivery): string {
  return `${hookApi(world, hook)}/deliveries/${delivery.id}`;
}
