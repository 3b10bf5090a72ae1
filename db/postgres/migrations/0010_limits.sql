CREATE TABLE "export_usage" (
	"project_id" text NOT NULL,
	"hour" timestamp with time zone NOT NULL,
	"exports" integer DEFAULT 0 NOT NULL,
	"rows" bigint DEFAULT 0 NOT NULL,
	"bytes" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "export_usage_project_id_hour_pk" PRIMARY KEY("project_id","hour")
);
--> statement-breakpoint
CREATE TABLE "idempotent_requests" (
	"caller" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"status" integer,
	"location" text,
	"body" text,
	"is_sealed" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotent_requests_caller_key_pk" PRIMARY KEY("caller","key")
);
--> statement-breakpoint
ALTER TABLE "batch_exports" ADD COLUMN "estimated_rows" bigint;--> statement-breakpoint
ALTER TABLE "batch_exports" ADD COLUMN "estimated_bytes" bigint;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "previous_hashed_secret_key" text;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "previous_expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "rotated_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "plan" text;--> statement-breakpoint
ALTER TABLE "projects" ADD COLUMN "quota_overrides" jsonb;--> statement-breakpoint
ALTER TABLE "export_usage" ADD CONSTRAINT "export_usage_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "export_usage_hour_idx" ON "export_usage" USING btree ("hour");--> statement-breakpoint
CREATE INDEX "idempotent_requests_created_at_idx" ON "idempotent_requests" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "batch_exports_active_idx" ON "batch_exports" USING btree ("project_id") WHERE status in ('QUEUED', 'PROCESSING');--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_previous_hashed_secret_key_unique" UNIQUE("previous_hashed_secret_key");