import { verify } from "@octokit/webhooks-methods";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Receiver, startReceiver, startTestGitHub, type TestGitHub } from "./test-github.ts";

const ITEMS = `query Items($id: ID!, $first: Int) {
  node(id: $id) { ... on ProjectV2 { title items(first: $first) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id type isArchived updatedAt
      fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { optionId name } }
      content { ... on Issue { number title state repository { nameWithOwner } labels(first: 5) { nodes { name } } } } } } } }
  rateLimit { cost remaining } }`;

const FIELD = `query Field($id: ID!) { node(id: $id) { ... on ProjectV2 { field(name: "Status") {
  ... on ProjectV2SingleSelectField { id options { id name } } } } } }`;

const MOVE = `mutation Move($project: ID!, $item: ID!, $field: ID!, $option: String!) {
  updateProjectV2ItemFieldValue(input: { projectId: $project, itemId: $item, fieldId: $field, value: { singleSelectOptionId: $option } }) {
    projectV2Item { id fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name } } } } }`;

let it: TestGitHub;
let receiver: Receiver;

beforeAll(async () => {
  [it, receiver] = await Promise.all([startTestGitHub(), startReceiver()]);
  const hook = { events: ["*"], config: { url: receiver.url, content_type: "json", secret: "s3cret" } };
  expect((await it.rest("POST", "/orgs/acme/hooks", hook)).status).toBe(201);
  const solo = it.github.seed.addToken({ kind: "classic", login: "solo", scopes: ["repo"] });
  expect((await it.rest("POST", "/repos/solo/notes/hooks", hook, solo)).status).toBe(201);
});
afterAll(() => Promise.all([it.close(), receiver.close()]));

async function statusField(id: string, token?: string): Promise<{ id: string; options: { id: string; name: string }[] }> {
  const { data } = await it.graphql(FIELD, { id }, token);
  return (data as { node: { field: never } }).node.field;
}

describe("a document GitHub would refuse", () => {
  test("a field that does not exist is named", async () => {
    expect(await it.graphql("{ viewer { login shoeSize } }")).toEqual({
      errors: [
        {
          message: "Field 'shoeSize' doesn't exist on type 'User'",
          extensions: { code: "undefinedField", typeName: "User", fieldName: "shoeSize" },
          locations: [{ line: 1, column: 18 }],
        },
      ],
    });
  });

  test.each([
    ["no page size", undefined, "MISSING_PAGINATION_BOUNDARIES"],
    ["a page of more than 100", 101, "EXCESSIVE_PAGINATION"],
  ])("%s", async (_, first, type) => {
    const { errors } = await it.graphql(ITEMS, { id: it.orgBoard.nodeId, first });
    expect(errors?.map((error) => error.type)).toEqual([type]);
  });

  test("an argument the stand-in would have to ignore is an error", async () => {
    const { errors } = await it.graphql(
      `query Q($id: ID!) { node(id: $id) { ... on ProjectV2 { items(first: 1, orderBy: { field: POSITION, direction: DESC }) { totalCount } } } }`,
      {
        id: it.orgBoard.nodeId,
      },
    );
    expect(errors?.[0]?.message).toBe("The GitHub stand-in does not have the argument orderBy of ProjectV2.items.");
  });

  test("a node that is not there", async () => {
    expect(await it.graphql('{ node(id: "PVT_none") { id } }')).toMatchObject({
      data: { node: null },
      errors: [{ type: "NOT_FOUND", message: "Could not resolve to a node with the global id of 'PVT_none'.", path: ["node"] }],
    });
  });
});

test("a board is read page by page for one point", async () => {
  const { data, errors } = await it.graphql(ITEMS, { id: it.orgBoard.nodeId, first: 100 });
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({
    node: {
      title: "Todo",
      items: {
        totalCount: 1,
        pageInfo: { hasNextPage: false },
        nodes: [
          {
            type: "ISSUE",
            isArchived: false,
            content: { number: 1, title: "Add a title", repository: { nameWithOwner: "acme/todo-app" } },
          },
        ],
      },
    },
    rateLimit: { cost: 1 },
  });
});

test("paging goes on behind an item that was deleted meanwhile", async () => {
  const query = `query Page($id: ID!, $after: String) { node(id: $id) { ... on ProjectV2 { items(first: 1, after: $after) {
    pageInfo { hasNextPage endCursor } nodes { content { ... on Issue { title } } } } } } }`;
  const board = it.github.seed.addBoard({ owner: "acme", title: "Pages", repositories: ["acme/todo-app"] });
  const refs = ["one", "two", "three"].map((title) => `acme/todo-app#${it.github.seed.addIssue("acme/todo-app", { title }).number}`);
  for (const issue of refs) await it.human("add-card", { board: `acme/${board.number}`, issue });
  type Page = { node: { items: { pageInfo: { endCursor: string; hasNextPage: boolean }; nodes: { content: { title: string } }[] } } };
  const first = ((await it.graphql(query, { id: board.nodeId })).data as Page).node.items;
  await it.human("delete-card", { board: `acme/${board.number}`, issue: refs[0] });
  const second = ((await it.graphql(query, { id: board.nodeId, after: first.pageInfo.endCursor })).data as Page).node.items;
  expect([first.nodes[0]?.content.title, second.nodes[0]?.content.title, second.pageInfo.hasNextPage]).toEqual(["one", "two", true]);
});

test("moving a card of an organisation's board sends a signed webhook without issue number", async () => {
  const field = await statusField(it.orgBoard.nodeId);
  const option = field.options.find(({ name }) => name === "In Progress");
  const [item] = it.github.world.items(it.orgBoard);
  const { data, errors } = await it.graphql(MOVE, { project: it.orgBoard.nodeId, item: item?.nodeId, field: field.id, option: option?.id });
  expect(errors).toBeUndefined();
  expect(data).toMatchObject({ updateProjectV2ItemFieldValue: { projectV2Item: { fieldValueByName: { name: "In Progress" } } } });

  const arrived = await receiver.waitFor(({ event, payload }) => event === "projects_v2_item" && payload.action === "edited");
  expect(await verify("s3cret", arrived.body, arrived.signature ?? "")).toBe(true);
  expect(arrived.headers["user-agent"]).toMatch(/^GitHub-Hookshot\//);
  expect(arrived.payload).toMatchObject({
    changes: {
      field_value: {
        field_node_id: field.id,
        field_type: "single_select",
        field_name: "Status",
        project_number: 1,
        from: null,
        to: { name: "In Progress" },
      },
    },
    projects_v2_item: {
      node_id: item?.nodeId,
      project_node_id: it.orgBoard.nodeId,
      content_node_id: it.github.world.issue(item?.issueId ?? 0).nodeId,
      content_type: "Issue",
    },
    organization: { login: "acme" },
    sender: { login: "ada" },
  });
  expect(JSON.stringify(arrived.payload)).not.toContain('"number"');
});

test("moving a card of a user's board sends none", async () => {
  await it.human("move-card", { board: "solo/1", issue: "solo/notes#1", column: "In Progress" });
  await it.human("label", { issue: "solo/notes#1", add: ["simple"] });
  await receiver.waitFor(({ event, payload }) => event === "issues" && payload.action === "labeled");
  await it.github.webhooks.settled();
  const ofSolo = receiver.received.filter(({ event, body }) => event === "projects_v2_item" && body.includes(it.userBoard.nodeId));
  expect(ofSolo).toEqual([]);
});

test("an option that the field does not have is refused", async () => {
  const field = await statusField(it.orgBoard.nodeId);
  const [item] = it.github.world.items(it.orgBoard);
  const { data, errors } = await it.graphql(MOVE, { project: it.orgBoard.nodeId, item: item?.nodeId, field: field.id, option: "00000000" });
  expect(data).toEqual({ updateProjectV2ItemFieldValue: null });
  expect(errors?.[0]).toMatchObject({ type: "UNPROCESSABLE", message: "The single select option Id does not belong to the field" });
});

test("rewriting the options gives all of them new ids and takes the values from the items", async () => {
  const create = `mutation Create($owner: ID!) { createProjectV2(input: { ownerId: $owner, title: "Fresh" }) { projectV2 { id number } } }`;
  const { data } = await it.graphql(create, { owner: it.github.world.account("acme").nodeId });
  const { id, number } = (data as { createProjectV2: { projectV2: { id: string; number: number } } }).createProjectV2.projectV2;
  const before = await statusField(id);
  expect(before.options.map(({ name }) => name)).toEqual(["Todo", "In Progress", "Done"]);
  await it.human("add-card", { board: `acme/${number}`, issue: "acme/todo-app#1" });
  await it.human("move-card", { board: `acme/${number}`, issue: "acme/todo-app#1", column: "Done" });

  const rewrite = `mutation Rewrite($field: ID!, $options: [ProjectV2SingleSelectFieldOptionInput!]) {
    updateProjectV2Field(input: { fieldId: $field, singleSelectOptions: $options }) { projectV2Field { ... on ProjectV2SingleSelectField { options { id name } } } } }`;
  const options = before.options.map(({ name }) => ({ name, color: "GRAY", description: "" }));
  expect((await it.graphql(rewrite, { field: before.id, options })).errors).toBeUndefined();
  const after = await statusField(id);
  expect(after.options.map(({ name }) => name)).toEqual(["Todo", "In Progress", "Done"]);
  expect(after.options.filter(({ id: option }) => before.options.some((old) => old.id === option))).toEqual([]);
  const { data: read } = await it.graphql(ITEMS, { id, first: 10 });
  expect(read).toMatchObject({ node: { items: { nodes: [{ fieldValueByName: null }] } } });
});

test("adding an issue twice gives the same item", async () => {
  const add = `mutation Add($project: ID!, $content: ID!) { addProjectV2ItemById(input: { projectId: $project, contentId: $content }) { item { id } } }`;
  const content = it.github.world.state.issues[0]?.nodeId;
  const answers = [
    await it.graphql(add, { project: it.orgBoard.nodeId, content }),
    await it.graphql(add, { project: it.orgBoard.nodeId, content }),
  ];
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]?.errors).toBeUndefined();
});

describe("automations", () => {
  test("are listed, act, and are gone once deleted", async () => {
    const list = `query Workflows($id: ID!) { node(id: $id) { ... on ProjectV2 { workflows(first: 20) { nodes { id name enabled } } } } }`;
    type Workflows = { node: { workflows: { nodes: { id: string; name: string; enabled: boolean }[] } } };
    const board = it.github.seed.addBoard({
      owner: "acme",
      title: "Auto",
      repositories: ["acme/todo-app"],
      automations: { autoAdd: true },
    });
    const { data } = await it.graphql(list, { id: board.nodeId });
    const { nodes } = (data as Workflows).node.workflows;
    expect(nodes.filter(({ enabled }) => enabled).map(({ name }) => name)).toEqual([
      "Item closed",
      "Pull request merged",
      "Auto-add to project",
      "Item added to project",
    ]);

    const opened = (await it.rest("POST", "/repos/acme/todo-app/issues", { title: "By automation" })).body as { number: number };
    const column = async (): Promise<string | undefined> => {
      const read = await it.graphql(ITEMS, { id: board.nodeId, first: 10 });
      return (read.data as { node: { items: { nodes: { fieldValueByName?: { name: string } }[] } } }).node.items.nodes[0]?.fieldValueByName
        ?.name;
    };
    expect(await column()).toBe("Todo");
    await it.rest("PATCH", `/repos/acme/todo-app/issues/${opened.number}`, { state: "closed" });
    expect(await column()).toBe("Done");
    const moved = await receiver.waitFor(
      ({ event, payload, body }) =>
        event === "projects_v2_item" && payload.action === "edited" && body.includes(board.nodeId) && body.includes('"Done"'),
    );
    expect(moved.payload).toMatchObject({ sender: { login: "github-project-automation[bot]", type: "Bot" } });

    const closed = nodes.find(({ name }) => name === "Item closed");
    const remove = `mutation Remove($id: ID!) { deleteProjectV2Workflow(input: { workflowId: $id }) { deletedWorkflowId } }`;
    expect((await it.graphql(remove, { id: closed?.id })).errors).toBeUndefined();
    await it.rest("PATCH", `/repos/acme/todo-app/issues/${opened.number}`, { state: "open" });
    await it.human("move-card", { board: `acme/${board.number}`, issue: `acme/todo-app#${opened.number}`, column: "Todo" });
    await it.rest("PATCH", `/repos/acme/todo-app/issues/${opened.number}`, { state: "closed" });
    expect(await column()).toBe("Todo");
  });
});

test("a person moves a card on the board's page", async () => {
  const page = `${it.github.url}/orgs/acme/projects/1`;
  expect(await (await fetch(page)).text()).toContain("Add a title");
  const form = new URLSearchParams({ issue: "acme/todo-app#1", column: "Done" });
  const moved = await fetch(page, { method: "POST", body: form, redirect: "manual", headers: { Origin: it.github.url } });
  expect(moved.status).toBe(303);
  const { data } = await it.graphql(ITEMS, { id: it.orgBoard.nodeId, first: 1 });
  expect(data).toMatchObject({ node: { items: { nodes: [{ fieldValueByName: { name: "Done" } }] } } });
  const elsewhere = await fetch(page, { method: "POST", body: form, redirect: "manual", headers: { Origin: "https://elsewhere.example" } });
  expect(elsewhere.status).toBe(403);
});

test("what people write is escaped on pages", async () => {
  const issue = it.github.seed.addIssue("acme/todo-app", { title: "<script>alert(1)</script>" });
  const text = await (await fetch(`${it.github.url}/acme/todo-app/issues/${issue.number}`)).text();
  expect(text).toContain("&lt;script&gt;alert(1)");
  expect(text).not.toContain("<script>");
});
