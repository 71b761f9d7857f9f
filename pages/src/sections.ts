import type { ReadonlySignal } from "@preact/signals";
import { waitingOnboardings } from "./onboarding-store.ts";
import type { Place } from "./place.ts";
import { waitingForPeople } from "./waiting.ts";

/** A page that the navigation leads to, with the pages below it. */
export interface Section {
  readonly word: string;
  readonly address: string;
  /** Goes to it when pressed after `g`. */
  readonly letter: string;
  /** What is shown in it: the navigation marks it there. */
  readonly pages: readonly Place["page"][];
  /** One outline on a 16×16 grid. */
  readonly icon: string;
  /** How many things in it wait for a person. */
  readonly waiting?: ReadonlySignal<number>;
  /** Has a place of its own in the bar of a phone; the others are behind "More". */
  readonly first?: boolean;
}

/** Everything the navigation offers, in its order. */
export const sections: readonly Section[] = [
  { word: "Overview", letter: "o", address: "#/", pages: ["overview"], icon: "M2 7.5 8 2l6 5.5V14H9.5v-4h-3v4H2z", first: true },
  {
    word: "Questions",
    letter: "q",
    address: "#/questions",
    pages: ["questions", "question"],
    icon: "M2 2.5h12v8.5H7L3.5 14v-3H2z",
    waiting: waitingForPeople,
    first: true,
  },
  {
    word: "Projects",
    letter: "p",
    address: "#/projects",
    pages: ["projects", "project", "project-settings", "run"],
    icon: "M2 2.5h3.3v11H2zM6.4 2.5h3.3v7H6.4zM10.7 2.5H14V11h-3.3z",
    first: true,
  },
  {
    word: "Sessions",
    letter: "s",
    address: "#/sessions",
    pages: ["sessions", "session"],
    icon: "M1.5 2.5h13v11h-13zM4 6l2.5 2L4 10M8 10.5h3.5",
    first: true,
  },
  {
    word: "Tasks",
    letter: "t",
    address: "#/tasks",
    pages: ["tasks", "task"],
    icon: "M2 3.5l1.2 1.2L5.5 2.4M2 9l1.2 1.2L5.5 8M7.5 3.8H14M7.5 9H14M2 13.5h12",
  },
  {
    word: "Agents",
    letter: "a",
    address: "#/agents",
    pages: ["agents", "agent"],
    icon: "M3 5.5h10v7.5H3zM8 5.5v-3M6 8.5v1.5M10 8.5v1.5M1 8v3M15 8v3",
  },
  {
    word: "Onboarding",
    letter: "n",
    address: "#/onboarding",
    pages: ["onboardings", "onboarding"],
    icon: "M8 2v12M2 8h12",
    waiting: waitingOnboardings,
  },
  { word: "Events", letter: "e", address: "#/events", pages: ["events"], icon: "M1.5 8h3l2-5.5 3 11 2-5.5h3" },
  { word: "Cost", letter: "c", address: "#/cost", pages: ["cost"], icon: "M2 14V9h2.5v5zM6.8 14V5.5h2.4V14zM11.5 14V2H14v12z" },
  { word: "History", letter: "h", address: "#/history", pages: ["history"], icon: "M8 1.8a6.2 6.2 0 1 0 .01 0zM8 4.5V8l2.5 1.5" },
  {
    word: "Settings",
    letter: ",",
    address: "#/settings",
    pages: ["settings"],
    icon: "M2 4.5h6M11 4.5h3M8 3v3h3V3zM2 11.5h2M7 11.5h7M4 10v3h3v-3z",
  },
];

/** The section that what is shown belongs to. */
export function sectionOf({ page }: Place): Section | undefined {
  return sections.find(({ pages }) => pages.includes(page));
}
