CREATE TABLE "usage_hours" (
	"project" text NOT NULL,
	"issue" integer NOT NULL,
	"run" integer NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"phase" text NOT NULL,
	"by" text NOT NULL,
	"agent" text NOT NULL,
	"usd" double precision NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	CONSTRAINT "usage_hours_project_issue_run_hour_phase_by_agent_pk" PRIMARY KEY("project","issue","run","hour","phase","by","agent")
);
--> statement-breakpoint
CREATE INDEX "usage_hours_hour" ON "usage_hours" USING btree ("hour");--> statement-breakpoint
CREATE INDEX "usage_hours_project" ON "usage_hours" USING btree ("project","hour");--> statement-breakpoint
CREATE INDEX "usage_hours_agent" ON "usage_hours" USING btree ("agent","hour");--> statement-breakpoint
-- What runs had cost before `usage-counted` events: the growth from one view to the next, in the phase it grew in. A run's figure includes earlier runs'.
INSERT INTO "usage_hours"
SELECT project, issue, run, date_trunc('hour', at, 'UTC'), phase, 'session', '', sum(usd), sum(input_tokens), sum(output_tokens)
FROM (
  SELECT project, issue, run, at,
    coalesce(lag(data->>'phase') OVER issue_views, data->>'phase') AS phase,
    greatest(0, (data->>'usd')::float8 - coalesce(lag((data->>'usd')::float8) OVER issue_views, 0)) AS usd,
    greatest(0, (data->>'inputTokens')::int8 - coalesce(lag((data->>'inputTokens')::int8) OVER run_views, 0)) AS input_tokens,
    greatest(0, (data->>'outputTokens')::int8 - coalesce(lag((data->>'outputTokens')::int8) OVER run_views, 0)) AS output_tokens
  FROM "mesh_six_events" WHERE type = 'run-changed' AND issue IS NOT NULL AND run IS NOT NULL
  WINDOW issue_views AS (PARTITION BY project, issue ORDER BY seq), run_views AS (PARTITION BY project, issue, run ORDER BY seq)
) AS growth
WHERE usd + input_tokens + output_tokens > 0
GROUP BY 1, 2, 3, 4, 5
ON CONFLICT DO NOTHING;
