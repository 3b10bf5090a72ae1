DROP INDEX "jobs_lane_idx";--> statement-breakpoint
ALTER TABLE "claim_clock" ADD COLUMN "losses" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "jobs_slotless_project_idx" ON "jobs" USING btree ("kind","project_id","run_at","id") WHERE state in ('scheduled','available','retryable') and not has_slot and lane is null;--> statement-breakpoint
CREATE INDEX "jobs_lane_idx" ON "jobs" USING btree ("project_id","losses","run_at","id") WHERE state in ('scheduled','available','retryable') and lane is not null;