CREATE TABLE "onboarding_runs" (
	"id" text PRIMARY KEY NOT NULL,
	"repo_owner" text NOT NULL,
	"repo_name" text NOT NULL,
	"status" text NOT NULL,
	"current_phase" text,
	"current_activity" text,
	"completed_activities" text[] NOT NULL,
	"error_message" text,
	"oauth_device_url" text,
	"oauth_user_code" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"view" jsonb NOT NULL
);
--> statement-breakpoint
CREATE INDEX "onboarding_runs_repo" ON "onboarding_runs" USING btree ("repo_owner","repo_name","created_at");--> statement-breakpoint
CREATE INDEX "onboarding_runs_created" ON "onboarding_runs" USING btree ("created_at","id");