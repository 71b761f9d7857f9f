import { automation } from "./access.ts";
import { addItem, setFieldValue, statusField, statusOf } from "./actions/boards.ts";
import { markClosed } from "./actions/issues.ts";
import type { Board, BoardItem, FieldOption, Issue, WorkflowName } from "./state.ts";
import type { Occurrence, World } from "./world.ts";

/** The sender GitHub names for what a board does by itself. */
export const AUTOMATION_LOGIN = "github-project-automation[bot]";

/**
 * Carries out the switched-on workflows of boards. "Auto-add to project" takes issues only, as its preset filter does; which column a
 * workflow sets cannot be chosen here: it is `Done` (or the last) and `Todo` (or the first).
 */
export function followAutomations(world: World): void {
  world.follow((occurrence) => {
    for (const [workflow, act] of reactions(occurrence)) {
      for (const board of world.state.boards.filter((candidate) => isOn(candidate, workflow))) act(world, board, occurrence);
    }
  });
}

type Act = (world: World, board: Board, occurrence: Occurrence) => void;

function reactions({ event, action, issue }: Occurrence): [WorkflowName, Act][] {
  switch (`${event}.${action}`) {
    case "issues.opened":
      return [["Auto-add to project", addToBoard]];
    case "issues.closed":
      return [["Item closed", moveIssue(done)]];
    case "pull_request.closed":
      return [[issue?.pull?.merged ? "Pull request merged" : "Item closed", moveIssue(done)]];
    case "issues.reopened":
    case "pull_request.reopened":
      return [["Item reopened", moveIssue(todo)]];
    case "projects_v2_item.created":
      return [["Item added to project", moveAdded]];
    case "projects_v2_item.edited":
      return [["Auto-close issue", closeDone]];
    default:
      return [];
  }
}

function isOn(board: Board, name: WorkflowName): boolean {
  return board.workflows.some((workflow) => workflow.name === name && workflow.enabled);
}

function addToBoard(world: World, board: Board, { issue }: Occurrence): void {
  if (issue && board.repositories.includes(issue.repositoryId)) addItem(world, automation(AUTOMATION_LOGIN), board, issue);
}

function moveIssue(column: (board: Board) => FieldOption | undefined): Act {
  return (world, board, { issue }) => {
    const item = issue && itemOf(world, board, issue);
    if (item) move(world, board, item, column(board));
  };
}

function moveAdded(world: World, board: Board, { item }: Occurrence): void {
  if (item?.boardId === board.id && !statusOf(board, item)) move(world, board, item, todo(board));
}

function closeDone(world: World, board: Board, { item }: Occurrence): void {
  if (item?.boardId !== board.id || statusOf(board, item) !== done(board)) return;
  const issue = world.issue(item.issueId);
  if (!issue.pull) markClosed(world, AUTOMATION_LOGIN, issue, "completed");
}

function itemOf(world: World, board: Board, issue: Issue): BoardItem | undefined {
  return world.items(board).find((item) => item.issueId === issue.id && item.archivedAt === null);
}

function move(world: World, board: Board, item: BoardItem, column: FieldOption | undefined): void {
  if (column) setFieldValue(world, automation(AUTOMATION_LOGIN), board, item, statusField(board), { singleSelectOptionId: column.id });
}

function done(board: Board): FieldOption | undefined {
  return named(board, "Done") ?? statusField(board).options.at(-1);
}

function todo(board: Board): FieldOption | undefined {
  return named(board, "Todo") ?? statusField(board).options[0];
}

function named(board: Board, name: string): FieldOption | undefined {
  return statusField(board).options.find((option) => option.name.toLowerCase() === name.toLowerCase());
}
