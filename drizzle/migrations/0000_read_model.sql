CREATE TABLE "mesh_six_events" (
	"project" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"type" text NOT NULL,
	"trace" text NOT NULL,
	"issue" integer,
	"run" integer,
	"task" text,
	"agent" text,
	"input_id" text NOT NULL,
	"data" jsonb NOT NULL,
	CONSTRAINT "mesh_six_events_project_seq_at_pk" PRIMARY KEY("project","seq","at")
) PARTITION BY RANGE ("at");
--> statement-breakpoint
CREATE TABLE "mesh_six_events_default" PARTITION OF "mesh_six_events" DEFAULT;
--> statement-breakpoint
CREATE TABLE "projection_cursors" (
	"project" text PRIMARY KEY NOT NULL,
	"name" text,
	"seq" bigint NOT NULL,
	"last_event_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "projection_refusals" (
	"project" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"type" text NOT NULL,
	"reason" text NOT NULL,
	"event" text NOT NULL,
	CONSTRAINT "projection_refusals_project_seq_pk" PRIMARY KEY("project","seq")
);
--> statement-breakpoint
CREATE TABLE "repo_registry" (
	"project" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"repository_url" text NOT NULL,
	"clone_url" text NOT NULL,
	"default_branch" text NOT NULL,
	"board_id" text,
	"board_number" integer,
	"board_url" text,
	"board_owner" text,
	"observed_by" text,
	"configured_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "implementation_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"issue" integer NOT NULL,
	"run" integer NOT NULL,
	"conversation_id" text,
	"agent" text,
	"seen_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "issue_runs" (
	"project" text NOT NULL,
	"issue" integer NOT NULL,
	"run" integer NOT NULL,
	"name" text NOT NULL,
	"id" text NOT NULL,
	"title" text NOT NULL,
	"phase" text NOT NULL,
	"awaiting" text NOT NULL,
	"branch" text NOT NULL,
	"pull_request" integer,
	"merged" boolean NOT NULL,
	"open_questions" integer NOT NULL,
	"usd" double precision NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"phase_since" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"ended_because" text,
	"view" jsonb NOT NULL,
	CONSTRAINT "issue_runs_project_issue_run_pk" PRIMARY KEY("project","issue","run")
);
--> statement-breakpoint
CREATE TABLE "session_checkpoints" (
	"project" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"issue" integer NOT NULL,
	"run" integer NOT NULL,
	"task" text,
	"agent" text,
	"data" jsonb NOT NULL,
	CONSTRAINT "session_checkpoints_project_seq_pk" PRIMARY KEY("project","seq")
);
--> statement-breakpoint
CREATE TABLE "session_questions" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"issue" integer NOT NULL,
	"run" integer NOT NULL,
	"purpose" text NOT NULL,
	"status" text NOT NULL,
	"asked_at" timestamp (3) with time zone NOT NULL,
	"answered_at" timestamp (3) with time zone,
	"answered_by" text,
	"answered_via" text,
	"applied_at" timestamp (3) with time zone,
	"parked" boolean NOT NULL,
	"view" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "agent_task_history" (
	"agent" text NOT NULL,
	"task" text NOT NULL,
	"attempt" integer NOT NULL,
	"project" text NOT NULL,
	"capability" text NOT NULL,
	"ok" boolean NOT NULL,
	"status" text NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "agent_task_history_task_attempt_pk" PRIMARY KEY("task","attempt")
);
--> statement-breakpoint
CREATE TABLE "orchestrator_tasks" (
	"id" text PRIMARY KEY NOT NULL,
	"project" text NOT NULL,
	"run" text,
	"capability" text NOT NULL,
	"status" text NOT NULL,
	"priority" integer NOT NULL,
	"timeout_seconds" integer NOT NULL,
	"max_attempts" integer NOT NULL,
	"submitted_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"error" jsonb
);
--> statement-breakpoint
CREATE TABLE "task_attempts" (
	"task" text NOT NULL,
	"number" integer NOT NULL,
	"project" text NOT NULL,
	"agent" text NOT NULL,
	"score" double precision NOT NULL,
	"status" text NOT NULL,
	"dispatched_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"error" jsonb,
	CONSTRAINT "task_attempts_task_number_pk" PRIMARY KEY("task","number")
);
--> statement-breakpoint
CREATE INDEX "mesh_six_events_at" ON "mesh_six_events" USING btree ("at","project","seq");--> statement-breakpoint
CREATE INDEX "mesh_six_events_project" ON "mesh_six_events" USING btree ("project","at","seq");--> statement-breakpoint
CREATE INDEX "mesh_six_events_trace" ON "mesh_six_events" USING btree ("trace","at");--> statement-breakpoint
CREATE INDEX "mesh_six_events_issue" ON "mesh_six_events" USING btree ("project","issue","at");--> statement-breakpoint
CREATE INDEX "mesh_six_events_task" ON "mesh_six_events" USING btree ("task","at") WHERE "mesh_six_events"."task" is not null;--> statement-breakpoint
CREATE INDEX "mesh_six_events_agent" ON "mesh_six_events" USING btree ("agent","at") WHERE "mesh_six_events"."agent" is not null;--> statement-breakpoint
CREATE INDEX "mesh_six_events_type" ON "mesh_six_events" USING btree ("type","at");--> statement-breakpoint
CREATE INDEX "projection_refusals_at" ON "projection_refusals" USING btree ("at");--> statement-breakpoint
CREATE INDEX "repo_registry_name" ON "repo_registry" USING btree ("name");--> statement-breakpoint
CREATE INDEX "implementation_sessions_run" ON "implementation_sessions" USING btree ("project","issue","run");--> statement-breakpoint
CREATE INDEX "implementation_sessions_agent" ON "implementation_sessions" USING btree ("agent","seen_at");--> statement-breakpoint
CREATE INDEX "issue_runs_name" ON "issue_runs" USING btree ("name","issue","run");--> statement-breakpoint
CREATE INDEX "issue_runs_started" ON "issue_runs" USING btree ("started_at","project","issue","run");--> statement-breakpoint
CREATE INDEX "issue_runs_project" ON "issue_runs" USING btree ("project","started_at","issue","run");--> statement-breakpoint
CREATE INDEX "issue_runs_phase" ON "issue_runs" USING btree ("phase","started_at");--> statement-breakpoint
CREATE INDEX "session_checkpoints_run" ON "session_checkpoints" USING btree ("project","issue","run","at");--> statement-breakpoint
CREATE INDEX "session_questions_run" ON "session_questions" USING btree ("project","issue","run");--> statement-breakpoint
CREATE INDEX "session_questions_status" ON "session_questions" USING btree ("status","asked_at");--> statement-breakpoint
CREATE INDEX "agent_task_history_agent" ON "agent_task_history" USING btree ("agent","capability","ended_at");--> statement-breakpoint
CREATE INDEX "orchestrator_tasks_submitted" ON "orchestrator_tasks" USING btree ("submitted_at","id");--> statement-breakpoint
CREATE INDEX "orchestrator_tasks_project" ON "orchestrator_tasks" USING btree ("project","submitted_at","id");--> statement-breakpoint
CREATE INDEX "orchestrator_tasks_status" ON "orchestrator_tasks" USING btree ("status","submitted_at","id");--> statement-breakpoint
CREATE INDEX "orchestrator_tasks_capability" ON "orchestrator_tasks" USING btree ("capability","submitted_at","id");--> statement-breakpoint
CREATE INDEX "task_attempts_agent" ON "task_attempts" USING btree ("agent","dispatched_at");