CREATE TABLE "event_log" (
	"id" text PRIMARY KEY NOT NULL,
	"bucket_name" text NOT NULL,
	"bucket_path" text NOT NULL,
	"project_id" text NOT NULL,
	"entity_type" text NOT NULL,
	"entity_id" text NOT NULL,
	"event_id" text NOT NULL,
	"trace_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "models" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text,
	"model_name" text NOT NULL,
	"match_pattern" text NOT NULL,
	"start_date" timestamp with time zone,
	"tokenizer" text,
	"pricing_tiers" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "trace_sessions" (
	"id" text NOT NULL,
	"project_id" text NOT NULL,
	"environment" text DEFAULT 'default' NOT NULL,
	"bookmarked" boolean DEFAULT false NOT NULL,
	"public" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
DROP INDEX "jobs_slotless_idx";--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "lane" text;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "retention_days" integer;--> statement-breakpoint
ALTER TABLE "event_log" ADD CONSTRAINT "event_log_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "trace_sessions" ADD CONSTRAINT "trace_sessions_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "event_log_project_id_entity_type_entity_id_idx" ON "event_log" USING btree ("project_id","entity_type",left(entity_id, 200));--> statement-breakpoint
CREATE INDEX "event_log_project_id_trace_id_idx" ON "event_log" USING btree ("project_id",left(trace_id, 200)) WHERE trace_id is not null;--> statement-breakpoint
CREATE INDEX "event_log_project_id_created_at_idx" ON "event_log" USING btree ("project_id","created_at");--> statement-breakpoint
CREATE INDEX "models_project_id_idx" ON "models" USING btree ("project_id");--> statement-breakpoint
CREATE INDEX "trace_sessions_project_id_id_idx" ON "trace_sessions" USING btree ("project_id",left(id, 200));--> statement-breakpoint
CREATE UNIQUE INDEX "trace_sessions_key" ON "trace_sessions" USING btree ("project_id",md5(id));--> statement-breakpoint
CREATE INDEX "jobs_lane_idx" ON "jobs" USING btree ("run_at","id") WHERE state in ('scheduled','available','retryable') and lane is not null;--> statement-breakpoint
CREATE INDEX "jobs_lane_running_idx" ON "jobs" USING btree ("lane") WHERE state = 'running' and lane is not null;--> statement-breakpoint
CREATE INDEX "jobs_lease_idx" ON "jobs" USING btree ("lease_id") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "jobs_slotless_idx" ON "jobs" USING btree ("priority","run_at","id") WHERE state in ('scheduled','available','retryable') and not has_slot and lane is null;