import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { operatorToken } from "../test-mesh.ts";
import type { TestMesh } from "../test-mesh.ts";

/** What a tool answered. */
export interface Told {
  readonly text: string;
  readonly value: unknown;
  /** The problem's reason; undefined when it was not refused. */
  readonly refused: string | undefined;
}

/** The official client, connected to a mesh under test: by the protocol's newest version, or as older clients do. */
export async function connectClient(mesh: TestMesh, options: { readonly token?: string; readonly era?: "modern" | "legacy" } = {}) {
  const { token = operatorToken, era = "modern" } = options;
  const client = new Client(
    { name: "test", version: "1" },
    { versionNegotiation: { mode: era === "modern" ? { pin: "2026-07-28" } : "legacy" } },
  );
  await client.connect(
    new StreamableHTTPClientTransport(new URL("https://mesh.test/mcp"), {
      fetch: (_url, init) => mesh.request("/mcp", { ...(init as RequestInit), token }),
    }),
  );
  return {
    client,
    async use(name: string, args: Record<string, unknown> = {}): Promise<Told> {
      const result = await client.callTool({ name, arguments: args });
      const [first] = result.content as { type: string; text?: string }[];
      const problem = result._meta?.["mesh-six/problem"] as { reason: string } | undefined;
      return {
        text: first?.text ?? "",
        value: result.structuredContent,
        refused: result.isError ? (problem?.reason ?? "invalid") : undefined,
      };
    },
  };
}
