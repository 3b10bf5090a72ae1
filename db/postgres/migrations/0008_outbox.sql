-- An id as createId of core/ids.ts makes it: ten characters of milliseconds, so that ids sort by creation, and sixteen of chance.
CREATE FUNCTION "new_id"("prefix" text) RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT prefix || '_' || (
		SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', ((ms >> (5 * (9 - i))) & 31)::int + 1, 1), '' ORDER BY i)
		FROM generate_series(0, 9) AS i, (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms) AS clock
	) || (
		SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', (get_byte(chance, i) & 31) + 1, 1), '' ORDER BY i)
		FROM generate_series(0, 15) AS i, (SELECT uuid_send(gen_random_uuid()) AS chance) AS drawn
	)
$$;
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" text PRIMARY KEY DEFAULT new_id('evt') NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "outbox_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"type" text NOT NULL,
	"project_id" text NOT NULL,
	"object_id" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "outbox_position_unique" UNIQUE("position"),
	CONSTRAINT "outbox_type_check" CHECK (type ~ '^[a-z_]+([.][a-z_]+)+$')
);
--> statement-breakpoint
CREATE TABLE "outbox_consumers" (
	"name" text PRIMARY KEY NOT NULL,
	"event_types" text[] NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "outbox_deliveries" (
	"consumer" text NOT NULL,
	"position" bigint NOT NULL,
	"object_id" text NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"run_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_error" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "outbox_deliveries_consumer_position_pk" PRIMARY KEY("consumer","position"),
	CONSTRAINT "outbox_deliveries_failures_check" CHECK ((failures > 0) = (last_error is not null))
);
--> statement-breakpoint
ALTER TABLE "audit_logs" ALTER COLUMN "id" SET DEFAULT new_id('aud');--> statement-breakpoint
ALTER TABLE "jobs" ALTER COLUMN "id" SET DEFAULT new_id('job');--> statement-breakpoint
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outbox_deliveries" ADD CONSTRAINT "outbox_deliveries_consumer_outbox_consumers_name_fk" FOREIGN KEY ("consumer") REFERENCES "public"."outbox_consumers"("name") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outbox_deliveries" ADD CONSTRAINT "outbox_deliveries_position_outbox_position_fk" FOREIGN KEY ("position") REFERENCES "public"."outbox"("position") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "outbox_project_id_position_idx" ON "outbox" USING btree ("project_id","position");--> statement-breakpoint
CREATE INDEX "outbox_created_at_idx" ON "outbox" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "outbox_deliveries_object_idx" ON "outbox_deliveries" USING btree ("consumer","object_id","position");--> statement-breakpoint
CREATE INDEX "outbox_deliveries_due_idx" ON "outbox_deliveries" USING btree ("consumer","run_at","position");--> statement-breakpoint
CREATE INDEX "outbox_deliveries_position_idx" ON "outbox_deliveries" USING btree ("position");