import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { warning, type Finding } from "./finding.ts";

/** An answer, or a finding that says why there is none. */
export async function tried<T>(found: Finding[], name: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const isOlder = error.parts.exitCode === exitCodes.notFound;
    found.push(
      warning(
        { name, group: "mesh", neededFor: ["operate", "runner"] },
        isOlder ? "this mesh is older and does not tell" : error.message,
        ...(isOlder ? ["mesh deploy --yes"] : (error.parts.fix ?? [])),
      ),
    );
    return undefined;
  }
}
