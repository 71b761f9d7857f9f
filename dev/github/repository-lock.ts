const tails = new Map<string, Promise<unknown>>();

/** Runs one piece of work on a repository at a time, so that refs before and after belong to it alone. */
export function withRepositoryLock<T>(gitDir: string, work: () => Promise<T>): Promise<T> {
  const before = tails.get(gitDir) ?? Promise.resolve();
  const mine = before.then(work, work);
  const settled = mine.then(
    () => undefined,
    () => undefined,
  );
  tails.set(gitDir, settled);
  void settled.then(() => {
    if (tails.get(gitDir) === settled) tails.delete(gitDir);
  });
  return mine;
}
