import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { variablesOf, type Account, type Script, type Version } from "./state.ts";

/** An uploaded version of a Worker at work in workerd, with the bindings it was uploaded with and the queues it consumes. */
export interface RunningVersion {
  readonly id: string;
  fetch(path: string, init: { method: string; headers: Headers; body: ArrayBuffer | null }): Promise<Response>;
  stop(): Promise<void>;
}

/** Runs what was uploaded, not what lies in the checkout. Storage is in memory. */
export async function runVersion(account: Account, script: Script, version: Version): Promise<RunningVersion> {
  const of = (type: string): (readonly [string, Readonly<Record<string, unknown>>])[] =>
    version.bindings.filter((binding) => binding.type === type).map((binding) => [binding.name, binding] as const);
  const consumed = [...account.queues.values()].flatMap((queue) =>
    queue.consumers.filter((each) => each.script === script.name).map((each) => [queue, each] as const),
  );
  // The first module is the main one; source maps come with it and are none.
  const names = [
    version.mainModule,
    ...[...version.modules.keys()].filter((path) => path !== version.mainModule && !path.endsWith(".map")),
  ];
  const modules = names.map((path) => ({
    type: "ESModule" as const,
    path,
    contents: new TextDecoder().decode(version.modules.get(path)),
  }));
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.ERROR),
      cf: false,
      workers: [
        {
          name: script.name,
          compatibilityDate: version.compatibilityDate,
          modulesRoot: "/",
          modules,
          bindings: variablesOf(version),
          durableObjects: Object.fromEntries(
            of("durable_object_namespace").map(([name, { class_name: className }]) => [
              name,
              { className: String(className), useSQLite: true },
            ]),
          ),
          queueProducers: Object.fromEntries(of("queue").map(([name, { queue_name: queueName }]) => [name, String(queueName)])),
          queueConsumers: Object.fromEntries(consumed.map(([queue]) => [queue.queue_name, { maxBatchTimeout: 0 }])),
          r2Buckets: Object.fromEntries(of("r2_bucket").map(([name, { bucket_name: bucket }]) => [name, String(bucket)])),
          workflows: Object.fromEntries(
            of("workflow").map(([name, { workflow_name: workflow, class_name: className }]) => [
              name,
              { name: String(workflow), className: String(className) },
            ]),
          ),
          ratelimits: Object.fromEntries(
            of("ratelimit").map(([name, { simple, namespace_id: namespace }]) => [
              name,
              { namespace_id: String(namespace), simple: simple as { limit: number; period: 10 | 60 } },
            ]),
          ),
        },
      ],
    }),
  );
  await runtime.ready;
  return {
    id: version.id,
    async fetch(path, { method, headers, body }) {
      const response = await runtime.dispatchFetch(`http://worker.localtest${path}`, {
        method,
        headers: [...headers],
        body,
        redirect: "manual",
      });
      return new Response(await response.arrayBuffer(), { status: response.status, headers: [...response.headers] as [string, string][] });
    },
    stop: () => runtime.dispose(),
  };
}
