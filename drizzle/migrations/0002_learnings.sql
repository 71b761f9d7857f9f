CREATE TABLE "learnings" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS (('x' || substr(md5(question), 1, 13))::bit(52)::bigint) STORED NOT NULL,
	"project" text,
	"text" text NOT NULL,
	"words" "tsvector" GENERATED ALWAYS AS (to_tsvector('english'::regconfig, text)) STORED,
	"question" text NOT NULL,
	"source_project" text NOT NULL,
	"source_issue" integer,
	"by" text NOT NULL,
	"overruled" boolean NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"used_count" integer NOT NULL,
	"last_used_at" timestamp (3) with time zone,
	CONSTRAINT "learnings_question_unique" UNIQUE("question")
);
--> statement-breakpoint
CREATE INDEX "learnings_words" ON "learnings" USING gin ("words");--> statement-breakpoint
CREATE INDEX "learnings_project" ON "learnings" USING btree ("project","created_at");