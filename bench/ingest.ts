import { createHmac } from "node:crypto";
import { createRequire } from "node:module";
import { hookId, hookSecret } from "../platform/hook-id.ts";
import { bareSecret, settings } from "./bench-mesh.ts";
import type { BenchMesh } from "./bench-mesh.ts";
import { closedLoop, Connections } from "./load.ts";
import { Rounds } from "./rounds.ts";
import type { Figure, Pace } from "./rounds.ts";

interface Example {
  readonly name: string;
  readonly examples: readonly { readonly repository?: { readonly node_id?: string } }[];
}

const connections = 32;
/** GitHub's usual payloads are of about this size. */
const typicalBytes = 15_000;

/** Webhooks received per second, checked and sent to a queue: ours beside the bare Worker, with the same payload. */
export async function measureIngest({ mesh, bare }: BenchMesh, pace: Pace): Promise<Figure[]> {
  const { body, subject } = typicalPayload();
  const hook = { kind: "repository", subject, version: 1 } as const;
  const keys = { current: settings.SIGNING_KEY };
  const ours = await sender(mesh, `/webhooks/github/${await hookId(keys, hook)}`, body, await hookSecret(keys, hook));
  const theirs = await sender(bare, "/ingest", body, bareSecret);
  const rounds = new Rounds(pace);
  rounds.add("bare", () => closedLoop(connections, pace.forMs, theirs.send));
  rounds.add("mesh", () => closedLoop(connections, pace.forMs, ours.send));
  await rounds.run();
  ours.close();
  theirs.close();
  const durability = "checked, then in the local queue's memory";
  return [
    {
      name: `webhooks, ${connections} connections, ${body.byteLength} bytes`,
      beside: null,
      durability,
      aim: null,
      of: "bare",
      ...rounds.of("bare"),
    },
    {
      name: `webhooks, ${connections} connections, ${body.byteLength} bytes`,
      beside: "bare",
      durability,
      aim: 0.8,
      of: "mesh",
      ...rounds.of("mesh"),
      ratio: rounds.ratio("mesh", "bare"),
    },
  ];
}

async function sender(url: URL, path: string, body: Buffer, secret: string) {
  const pool = new Connections(url, connections);
  const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
  let delivery = 0;
  const send = async (): Promise<void> => {
    delivery += 1;
    const { status, text } = await pool.send("POST", path, body, {
      "content-type": "application/json",
      "x-github-event": "issues",
      "x-github-delivery": `delivery-${delivery}`,
      "x-hub-signature-256": signature,
    });
    if (status !== 202 || !text.includes("accepted")) throw new Error(`a webhook was not accepted: ${status} ${text.slice(0, 200)}`);
  };
  await send();
  return { send, close: () => pool.close() };
}

/** A real `issues` payload as GitHub documents it. */
function typicalPayload(): { body: Buffer; subject: string } {
  const examples = createRequire(import.meta.url)("@octokit/webhooks-examples") as readonly Example[];
  const issues = examples.find(({ name }) => name === "issues")?.examples ?? [];
  const sized = issues.map((example) => ({ body: Buffer.from(JSON.stringify(example)), subject: example.repository?.node_id }));
  const [typical] = sized.toSorted((a, b) => Math.abs(a.body.byteLength - typicalBytes) - Math.abs(b.body.byteLength - typicalBytes));
  if (typical?.subject === undefined) throw new Error("there is no example of an issues webhook");
  return { body: typical.body, subject: typical.subject };
}
