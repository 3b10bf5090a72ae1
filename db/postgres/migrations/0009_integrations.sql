CREATE TABLE "integration_rejections" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "integration_rejections_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"integration_id" text NOT NULL,
	"run_id" text NOT NULL,
	"table_name" text NOT NULL,
	"row_id" text NOT NULL,
	"event_id" text NOT NULL,
	"code" text NOT NULL,
	"message" text NOT NULL,
	"accepted_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "integration_runs" (
	"id" text PRIMARY KEY DEFAULT new_id('run') NOT NULL,
	"integration_id" text NOT NULL,
	"project_id" text NOT NULL,
	"cause" text NOT NULL,
	"state" text NOT NULL,
	"window_start" timestamp with time zone NOT NULL,
	"window_end" timestamp with time zone NOT NULL,
	"job_id" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"deliveries" integer DEFAULT 0 NOT NULL,
	"rows" bigint DEFAULT 0 NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	"sent" bigint DEFAULT 0 NOT NULL,
	"accepted" bigint DEFAULT 0 NOT NULL,
	"rejected" bigint DEFAULT 0 NOT NULL,
	"tables" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"error" jsonb,
	"manifest_key" text,
	"content_hash" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "integration_runs_window_check" CHECK (window_start < window_end),
	CONSTRAINT "integration_runs_state_check" CHECK (state in ('pending','queued','running','completed','failed'))
);
--> statement-breakpoint
CREATE TABLE "integrations" (
	"id" text PRIMARY KEY DEFAULT new_id('int') NOT NULL,
	"project_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"enabled" boolean NOT NULL,
	"settings" jsonb NOT NULL,
	"sealed_secret" text,
	"tables" text[] NOT NULL,
	"frequency" text NOT NULL,
	"cron" text,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"jitter_seconds" integer DEFAULT 0 NOT NULL,
	"mode" text NOT NULL,
	"starts_at" timestamp with time zone,
	"ends_at" timestamp with time zone,
	"cursor" timestamp with time zone,
	"next_run_at" timestamp with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"last_error" jsonb,
	"disabled_code" text,
	"alerted_at" timestamp with time zone,
	"overdue_at" timestamp with time zone,
	"last_run_at" timestamp with time zone,
	"created_by" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "integrations_cron_check" CHECK ((frequency = 'cron') = (cron is not null))
);
--> statement-breakpoint
ALTER TABLE "integration_rejections" ADD CONSTRAINT "integration_rejections_integration_id_integrations_id_fk" FOREIGN KEY ("integration_id") REFERENCES "public"."integrations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "integration_rejections" ADD CONSTRAINT "integration_rejections_run_id_integration_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."integration_runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "integration_runs" ADD CONSTRAINT "integration_runs_integration_id_integrations_id_fk" FOREIGN KEY ("integration_id") REFERENCES "public"."integrations"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "integrations" ADD CONSTRAINT "integrations_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "integrations" ADD CONSTRAINT "integrations_created_by_users_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "integration_rejections_row_key" ON "integration_rejections" USING btree ("run_id","table_name","row_id");--> statement-breakpoint
CREATE INDEX "integration_rejections_open_idx" ON "integration_rejections" USING btree ("integration_id","id") WHERE accepted_at is null;--> statement-breakpoint
CREATE UNIQUE INDEX "integration_runs_window_key" ON "integration_runs" USING btree ("integration_id","window_start","window_end");--> statement-breakpoint
CREATE INDEX "integration_runs_pending_idx" ON "integration_runs" USING btree ("integration_id","window_start") WHERE state = 'pending';--> statement-breakpoint
CREATE UNIQUE INDEX "integration_runs_unfinished_key" ON "integration_runs" USING btree ("integration_id") WHERE state in ('queued','running');--> statement-breakpoint
CREATE INDEX "integrations_project_id_idx" ON "integrations" USING btree ("project_id","kind","id");--> statement-breakpoint
CREATE INDEX "integrations_due_idx" ON "integrations" USING btree ("next_run_at") WHERE enabled and next_run_at is not null;