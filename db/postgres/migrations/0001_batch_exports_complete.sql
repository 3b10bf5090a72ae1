CREATE TABLE "comments" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"object_type" text NOT NULL,
	"object_id" text NOT NULL,
	"content" text NOT NULL,
	"author_user_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "dataset_items" (
	"id" text NOT NULL,
	"project_id" text NOT NULL,
	"dataset_id" text NOT NULL,
	"status" text DEFAULT 'ACTIVE' NOT NULL,
	"input" json,
	"expected_output" json,
	"metadata" json,
	"source_trace_id" text,
	"source_observation_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "dataset_items_project_id_id_pk" PRIMARY KEY("project_id","id")
);
--> statement-breakpoint
CREATE TABLE "datasets" (
	"id" text PRIMARY KEY NOT NULL,
	"project_id" text NOT NULL,
	"name" text NOT NULL,
	"description" text,
	"metadata" json,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "export_parts" (
	"object_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"etag" text NOT NULL,
	"checksum" text NOT NULL,
	"end_byte" bigint NOT NULL,
	"crc32" bigint NOT NULL,
	"slice" integer NOT NULL,
	"slice_start_byte" bigint NOT NULL,
	"slice_start_crc32" bigint NOT NULL,
	"slice_start_rows" bigint NOT NULL,
	CONSTRAINT "export_parts_object_id_number_pk" PRIMARY KEY("object_id","number")
);
--> statement-breakpoint
ALTER TABLE "batch_exports" ADD COLUMN "expiry_notified_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "batch_exports" ADD COLUMN "files_deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "export_objects" ADD COLUMN "file_index" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "export_objects" ADD COLUMN "file" jsonb;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "has_slot" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "comments_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "comments" ADD CONSTRAINT "comments_author_user_id_users_id_fk" FOREIGN KEY ("author_user_id") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dataset_items" ADD CONSTRAINT "dataset_items_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "dataset_items" ADD CONSTRAINT "dataset_items_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "datasets" ADD CONSTRAINT "datasets_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "export_parts" ADD CONSTRAINT "export_parts_object_id_export_objects_id_fk" FOREIGN KEY ("object_id") REFERENCES "public"."export_objects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "comments_object_idx" ON "comments" USING btree ("project_id","object_type","object_id");--> statement-breakpoint
CREATE INDEX "comments_created_at_idx" ON "comments" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE INDEX "dataset_items_created_at_idx" ON "dataset_items" USING btree ("project_id","created_at","id");--> statement-breakpoint
CREATE UNIQUE INDEX "datasets_project_id_name_key" ON "datasets" USING btree ("project_id","name");--> statement-breakpoint
CREATE INDEX "jobs_slotless_idx" ON "jobs" USING btree ("priority","run_at","id") WHERE state in ('scheduled','available','retryable') and not has_slot;