import type { ClientError } from "../client-error.ts";
import { renderNotification } from "./ntfy.ts";
import type { Notification, Ntfy } from "./ntfy.ts";

/** An Ntfy for tests: refuses what the real one refuses, and keeps what a phone would show. */
export interface RecordedNtfy extends Ntfy {
  readonly published: readonly Notification[];
  /** The newest notification of each sequence, oldest sequence first. */
  shown(topic: string): readonly Notification[];
  /** The next publications fail with this, one after the other. */
  failNext(...errors: readonly ClientError[]): void;
}

export function createRecordedNtfy(): RecordedNtfy {
  const published: Notification[] = [];
  const failures: ClientError[] = [];
  return {
    published,
    shown: (topic) => [...new Map(published.filter((each) => each.topic === topic).map((each) => [each.sequenceId, each])).values()],
    failNext: (...errors) => void failures.push(...errors),
    async publish(notification) {
      const failure = failures.shift();
      if (failure) throw failure;
      renderNotification(notification);
      published.push(notification);
      return { id: String(published.length) };
    },
  };
}
