DROP INDEX "export_objects_open_idx";--> statement-breakpoint
CREATE INDEX "export_objects_open_idx" ON "export_objects" USING btree ("updated_at") WHERE state in ('open', 'removing');