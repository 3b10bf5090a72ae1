CREATE TABLE "claim_clock" (
	"kind" text PRIMARY KEY NOT NULL,
	"claimed_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
DROP INDEX "jobs_lane_idx";--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "losses" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "jobs_lane_idx" ON "jobs" USING btree ("project_id","run_at","id") WHERE state in ('scheduled','available','retryable') and lane is not null;