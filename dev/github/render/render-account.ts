import type { App, Installation } from "../state.ts";
import type { World } from "../world.ts";

/** An account as REST and webhooks show it. A login nobody has (a deleted account) becomes `ghost`, as on GitHub. */
export function renderAccount(world: World, login: string): Record<string, unknown> {
  const account = world.findAccount(login);
  const name = account?.login ?? "ghost";
  const api = `${world.publicUrl}/users/${encodeURIComponent(name)}`;
  return {
    login: name,
    id: account?.id ?? 10137,
    node_id: account?.nodeId ?? "U_ghost",
    avatar_url: `${world.publicUrl}/avatars/${encodeURIComponent(name)}`,
    gravatar_id: "",
    url: api,
    html_url: `${world.publicUrl}/${name}`,
    repos_url: `${api}/repos`,
    type: account?.type ?? "User",
    user_view_type: "public",
    site_admin: false,
  };
}

export function renderOrganization(world: World, login: string): Record<string, unknown> {
  const account = world.account(login);
  const api = `${world.publicUrl}/orgs/${account.login}`;
  return {
    login: account.login,
    id: account.id,
    node_id: account.nodeId,
    url: api,
    repos_url: `${api}/repos`,
    events_url: `${api}/events`,
    hooks_url: `${api}/hooks`,
    issues_url: `${api}/issues`,
    members_url: `${api}/members{/member}`,
    public_members_url: `${api}/public_members{/member}`,
    avatar_url: `${world.publicUrl}/avatars/${account.login}`,
    description: "",
  };
}

export function renderInstallation(world: World, installation: Installation): Record<string, unknown> {
  const app = world.state.apps.find((candidate) => candidate.id === installation.appId);
  return {
    id: installation.id,
    account: renderAccount(world, installation.account),
    repository_selection: installation.repositories === "all" ? "all" : "selected",
    access_tokens_url: `${world.publicUrl}/app/installations/${installation.id}/access_tokens`,
    repositories_url: `${world.publicUrl}/installation/repositories`,
    html_url: `${world.publicUrl}/settings/installations/${installation.id}`,
    app_id: installation.appId,
    client_id: app?.clientId,
    app_slug: app?.slug,
    target_id: world.account(installation.account).id,
    target_type: world.account(installation.account).type,
    permissions: installation.permissions,
    events: app?.events ?? [],
    created_at: installation.createdAt,
    updated_at: installation.createdAt,
    single_file_name: null,
    suspended_at: null,
    suspended_by: null,
  };
}

export function renderApp(world: World, app: App): Record<string, unknown> {
  return {
    id: app.id,
    slug: app.slug,
    node_id: app.nodeId,
    client_id: app.clientId,
    owner: renderAccount(world, app.owner),
    name: app.name,
    description: "",
    external_url: world.publicUrl,
    html_url: `${world.publicUrl}/apps/${app.slug}`,
    created_at: app.createdAt,
    updated_at: app.createdAt,
    permissions: app.permissions,
    events: app.events,
  };
}
