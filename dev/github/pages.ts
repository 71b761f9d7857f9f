import { type Context, Hono } from "hono";
import { csrf } from "hono/csrf";
import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import { checksAt } from "./actions/checks.ts";
import { statusField, statusOf } from "./actions/boards.ts";
import { HUMAN_ACTIONS } from "./human-actions.ts";
import { notFound, Refusal } from "./refusal.ts";
import { labelsOf } from "./render/render-issue.ts";
import type { Env } from "./rest/env.ts";
import type { Board, BoardItem, Issue, Repository } from "./state.ts";
import type { World } from "./world.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const STYLE = `
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { margin: 0 auto; max-width: 75rem; padding: 1rem; }
  header { border-bottom: 1px solid #8884; margin-bottom: 1rem; padding-bottom: .5rem; }
  header small { opacity: .7; }
  .columns { display: flex; gap: .75rem; overflow-x: auto; align-items: flex-start; }
  .column { background: #8881; border-radius: .5rem; flex: 1 0 13rem; padding: .5rem; }
  .column h2 { font-size: 1rem; margin: 0 0 .5rem; }
  .card, .comment { background: Canvas; border: 1px solid #8884; border-radius: .5rem; margin-bottom: .5rem; padding: .5rem .75rem; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .25rem 0; font: inherit; }
  .label { border: 1px solid #8888; border-radius: 1rem; font-size: .8rem; padding: 0 .5rem; }
  textarea { width: 100%; box-sizing: border-box; min-height: 4rem; }
`;

/** The few pages links of a demonstration open: a repository, an issue or pull request, and a board whose cards can be moved. */
export function pageRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  app.use(csrf());

  app.get("/", (c) =>
    c.html(
      page(
        "Boards and repositories",
        html`<ul>
          ${world.state.boards.map((board) => html`<li><a href="${world.boardUrl(board)}">${board.owner}: ${board.title}</a></li>`)}
          ${world.state.repositories.map((each) => html`<li><a href="${world.repositoryUrl(each)}">${each.owner}/${each.name}</a></li>`)}
        </ul>`,
      ),
    ),
  );

  for (const kind of ["orgs", "users"]) {
    app.get(`/${kind}/:owner/projects/:number`, (c) => c.html(boardPage(boardOf(c))));
    app.post(`/${kind}/:owner/projects/:number`, async (c) => {
      const board = boardOf(c);
      const form = await c.req.parseBody();
      await HUMAN_ACTIONS["move-card"]?.(world, { board: `${board.owner}/${board.number}`, issue: form.issue, column: form.column });
      return c.redirect(world.boardUrl(board), 303);
    });
  }

  app.get("/:owner/:repo", (c) => c.html(repositoryPage(repositoryOf(c))));
  app.get("/:owner/:repo/issues", (c) => c.html(repositoryPage(repositoryOf(c))));
  app.get("/:owner/:repo/:kind{issues|pull}/:number", (c) => c.html(issuePage(issueOf(c))));
  app.post("/:owner/:repo/:kind{issues|pull}/:number", async (c) => {
    const issue = issueOf(c);
    const ref = `${c.req.param("owner")}/${c.req.param("repo")}#${issue.number}`;
    const form = await c.req.parseBody();
    if (typeof form.body === "string" && form.body.trim() !== "") await HUMAN_ACTIONS.comment?.(world, { issue: ref, body: form.body });
    if (form.action === "close") await HUMAN_ACTIONS["close-issue"]?.(world, { issue: ref });
    if (form.action === "reopen") await HUMAN_ACTIONS["reopen-issue"]?.(world, { issue: ref });
    if (form.action === "merge") await HUMAN_ACTIONS["merge-pull"]?.(world, { pull: ref });
    return c.redirect(world.issueUrl(issue), 303);
  });

  app.onError((error, c) => {
    if (error instanceof Refusal) return c.html(page(String(error.status), html`<p>${error.message}</p>`), error.status);
    if ("getResponse" in error) return (error as { getResponse(): Response }).getResponse();
    console.error(error);
    return c.html(page("500", html`<p>Something went wrong.</p>`), 500);
  });

  function boardPage(board: Board): Html {
    const items = world.items(board).filter((item) => item.archivedAt === null);
    const options = statusField(board).options;
    const columns = [...options.map((option) => option.name), ...(items.some((item) => !statusOf(board, item)) ? ["No Status"] : [])];
    return page(
      `${board.title} · ${board.owner}`,
      html`<div class="columns">
        ${columns.map(
          (name) =>
            html`<section class="column">
              <h2>${name}</h2>
              ${items
                .filter((item) => (statusOf(board, item)?.name ?? "No Status") === name)
                .map((item) =>
                  card(
                    board,
                    item,
                    options.map((option) => option.name),
                  ),
                )}
            </section>`,
        )}
      </div>`,
    );
  }

  function card(board: Board, item: BoardItem, columns: string[]): Html {
    const issue = world.issue(item.issueId);
    const repository = world.repository(issue.repositoryId);
    const ref = `${repository.owner}/${repository.name}#${issue.number}`;
    const current = statusOf(board, item)?.name;
    return html`<article class="card">
      <a href="${world.issueUrl(issue)}">${issue.title}</a> <small>${ref}</small>
      <form method="post">
        <input type="hidden" name="issue" value="${ref}" />
        <select name="column" aria-label="Column of ${ref}">
          ${columns.map((name) => (name === current ? html`<option selected>${name}</option>` : html`<option>${name}</option>`))}
        </select>
        <button>Move</button>
      </form>
    </article>`;
  }

  function repositoryPage(repository: Repository): Html {
    const issues = world.state.issues.filter((issue) => issue.repositoryId === repository.id).toReversed();
    return page(
      `${repository.owner}/${repository.name}`,
      html`<p><code>git clone ${world.repositoryUrl(repository)}.git</code></p>
        <ul>
          ${issues.map(
            (issue) =>
              html`<li>
                #${issue.number} <a href="${world.issueUrl(issue)}">${issue.title}</a>
                <small>${issue.pull ? "pull request, " : ""}${stateOf(issue)}</small>
              </li>`,
          )}
        </ul>`,
    );
  }

  function issuePage(issue: Issue): Html {
    const repository = world.repository(issue.repositoryId);
    const comments = world.state.comments.filter((comment) => comment.issueId === issue.id);
    const pull = issue.pull;
    return page(
      `${issue.title} · ${repository.owner}/${repository.name}#${issue.number}`,
      html`<p>
          <strong>${stateOf(issue)}</strong> ${labelsOf(world, issue).map((label) => html`<span class="label">${label.name}</span> `)}
        </p>
        ${pull ? html`<p><code>${pull.headRef}</code> into <code>${pull.baseRef}</code> at <code>${pull.headSha.slice(0, 7)}</code></p>` : ""}
        ${pull ? checksAt(world, repository, pull.headSha).map((check) => html`<p>${check.name}: ${check.conclusion ?? check.status}</p>`) : ""}
        <article class="comment">
          <small>${issue.author}, ${issue.createdAt}</small>
          <pre>${issue.body}</pre>
        </article>
        ${comments.map(
          (comment) =>
            html`<article class="comment">
              <small>${comment.author}, ${comment.createdAt}</small>
              <pre>${comment.body}</pre>
            </article>`,
        )}
        <form method="post">
          <textarea name="body" aria-label="Comment"></textarea>
          <button>Comment</button>
          ${pull && issue.state === "open" ? html`<button name="action" value="merge">Merge</button>` : ""}
          ${pull?.merged ? "" : html`<button name="action" value="${issue.state === "open" ? "close" : "reopen"}">${issue.state === "open" ? "Close" : "Reopen"}</button>`}
        </form>`,
    );
  }

  function boardOf(c: Context<Env>): Board {
    const board = world.findBoard(c.req.param("owner") ?? "", Number(c.req.param("number")));
    if (!board) throw notFound();
    return board;
  }

  function repositoryOf(c: Context<Env>): Repository {
    const repository = world.findRepository(c.req.param("owner") ?? "", c.req.param("repo") ?? "");
    if (!repository) throw notFound();
    return repository;
  }

  function issueOf(c: Context<Env>): Issue {
    const issue = world.findIssue(repositoryOf(c), Number(c.req.param("number")));
    if (!issue) throw notFound();
    return issue;
  }

  return app;
}

function stateOf(issue: Issue): string {
  return issue.pull?.merged ? "merged" : issue.state;
}

function page(title: string, content: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <header>
          <h1>${title}</h1>
          <small><a href="/">GitHub stand-in</a></small>
        </header>
        ${content}
      </body>
    </html>`;
}
