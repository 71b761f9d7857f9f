ALTER TABLE "task_attempts" ADD COLUMN "why" jsonb;--> statement-breakpoint
CREATE INDEX "agent_task_history_ended" ON "agent_task_history" USING btree ("agent","ended_at","task","attempt");