import { notes } from "./repositories/notes.ts";
import { todoApp } from "./repositories/todo-app.ts";

/** An issue of the demonstration board. */
export interface DemoIssue {
  number: number;
  title: string;
  body: string;
  labels: readonly string[];
}

/** A repository of the demonstration with the files of its main branch and its issues, in the order they are opened. */
export interface DemoRepository {
  owner: string;
  name: string;
  ownerType: "Organization" | "User";
  files: Readonly<Record<string, string>>;
  issues: readonly DemoIssue[];
}

/** The label that keeps an issue from being worked on in the demonstration's settings. */
export const EXCLUDED_LABEL = "wontfix-by-agent";

export const demoRepositories: readonly DemoRepository[] = [
  {
    owner: "acme",
    name: "todo-app",
    ownerType: "Organization",
    files: todoApp,
    issues: [
      {
        number: 1,
        title: "Removing a todo that does not exist removes the last one",
        body: "`DELETE /todos/999` answers 200 and the newest todo is gone.\n\nExpected: 404, and the list stays as it was.",
        labels: ["bug", "simple"],
      },
      {
        number: 2,
        title: "Show todos that have been lying around",
        body: "As a user I want `GET /todos/stale` to list the todos that are older than a week, oldest first, so that I can clear them out.\n\nThe number of days should be changeable with `?days=`.",
        labels: ["feature"],
      },
      {
        number: 3,
        title: "Export the list as CSV",
        body: "`GET /todos.csv` should give the whole list as a file that spreadsheets open: id, title, done, createdAt, with a header line.",
        labels: ["feature"],
      },
      {
        number: 4,
        title: "Rewrite everything in another language",
        body: "Just to see what happens.",
        labels: [EXCLUDED_LABEL],
      },
    ],
  },
  {
    owner: "solo",
    name: "notes",
    ownerType: "User",
    files: notes,
    issues: [
      {
        number: 1,
        title: "Search misses notes written with capitals",
        body: "Searching for `bank` does not find `Bank holiday on Monday`. Upper and lower case should not matter.",
        labels: ["bug", "simple"],
      },
    ],
  },
];
