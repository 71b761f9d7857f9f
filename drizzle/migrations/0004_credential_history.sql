CREATE TABLE "credential_history" (
	"project" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"action" text NOT NULL,
	"by" text NOT NULL,
	"detail" text NOT NULL,
	CONSTRAINT "credential_history_project_seq_pk" PRIMARY KEY("project","seq")
);
--> statement-breakpoint
CREATE INDEX "credential_history_at" ON "credential_history" USING btree ("at","project","seq");