import type { Command } from "commander";

interface Flags {
  mesh?: string;
  token?: string;
}

/** `mesh explain owner/name#12`: why it is not moving, in one sentence. */
export function addExplain(program: Command): void {
  program
    .command("explain")
    .description("why an issue is not moving, in one sentence")
    .argument("<issue>", "owner/name#12")
    .option("--mesh <url>", "the Worker's address; MESH_URL when left out")
    .option("--token <token>", "operator's or viewer's token; MESH_TOKEN when left out")
    .action(async (issue: string, flags: Flags) => {
      const [, project, number] = /^([^/\s]+\/[^#\s]+)#(\d+)$/.exec(issue) ?? [];
      if (!project || !number) throw new Error(`"${issue}" is not of the form owner/name#12`);
      const mesh = flags.mesh ?? process.env.MESH_URL;
      const token = flags.token ?? process.env.MESH_TOKEN;
      if (!mesh || !token) throw new Error("set MESH_URL and MESH_TOKEN, or give --mesh and --token");
      const response = await fetch(`${mesh.replace(/\/$/, "")}/runs/${project}/${number}/explain`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const answer = (await response.json()) as { explain?: string; detail?: string };
      if (!response.ok) throw new Error(answer.detail ?? `the mesh answered ${response.status}`);
      console.log(answer.explain);
    });
}
