/** How `mesh` ends; docs/cli.md tells them to programs, so they never change. */
export const exitCodes = {
  ok: 0,
  /** Refused, failed, or something was found wrong. */
  failed: 1,
  /** The command line, an input file or the configuration makes no sense. */
  usage: 2,
  /** No answer, or one that is not a mesh's, or 5xx: trying again later may help. */
  unreachable: 3,
  /** 401 or 403. */
  unauthorized: 4,
  notFound: 5,
  /** 409 or 410: does not apply now. */
  conflict: 6,
  /** It waits for a person, and there was none at this terminal. */
  waiting: 7,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
