ALTER TABLE "implementation_sessions" ADD COLUMN "name" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "implementation_sessions" ADD COLUMN "driver" text;--> statement-breakpoint
ALTER TABLE "implementation_sessions" ADD COLUMN "state" text DEFAULT 'ended' NOT NULL;--> statement-breakpoint
ALTER TABLE "implementation_sessions" ADD COLUMN "step" text;--> statement-breakpoint
ALTER TABLE "implementation_sessions" ADD COLUMN "started_at" timestamp (3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "implementation_sessions" ADD COLUMN "ended_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "implementation_sessions" ADD COLUMN "input_tokens" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "implementation_sessions" ADD COLUMN "output_tokens" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "implementation_sessions" ADD COLUMN "usd" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "implementation_sessions_started" ON "implementation_sessions" USING btree ("started_at","id");--> statement-breakpoint
UPDATE "implementation_sessions" AS s SET "name" = r."name", "started_at" = r."started_at", "ended_at" = r."ended_at", "state" = CASE WHEN r."ended_at" IS NULL THEN 'working' ELSE 'ended' END, "input_tokens" = r."input_tokens", "output_tokens" = r."output_tokens", "usd" = r."usd" FROM "issue_runs" AS r WHERE r."project" = s."project" AND r."issue" = s."issue" AND r."run" = s."run";
