DROP INDEX "implementation_sessions_agent";--> statement-breakpoint
CREATE INDEX "implementation_sessions_project" ON "implementation_sessions" USING btree ("project","started_at","id");--> statement-breakpoint
CREATE INDEX "implementation_sessions_open" ON "implementation_sessions" USING btree ("started_at","id") WHERE "implementation_sessions"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "issue_runs_active" ON "issue_runs" USING btree ("started_at","project","issue","run") WHERE "issue_runs"."ended_at" is null;--> statement-breakpoint
CREATE INDEX "session_questions_past" ON "session_questions" USING btree ("asked_at","id") WHERE "session_questions"."status" in ('answered', 'withdrawn');--> statement-breakpoint
CREATE INDEX "session_questions_project" ON "session_questions" USING btree ("project","asked_at","id");--> statement-breakpoint
CREATE INDEX "implementation_sessions_agent" ON "implementation_sessions" USING btree ("agent","started_at","id");