import { computed } from "@preact/signals";
import { projects } from "./mesh-store.ts";
import { liveQuestions } from "./question-list.ts";

/** How many questions wait for a person. */
export const waitingForPeople = computed(
  () => liveQuestions(projects.value ?? []).filter(({ question }) => question.status === "with-human").length,
);
