/**
 * ClickHouse migration: traces, observations, scores and dataset_run_items_rmt with Langfuse's columns and keys, so that its existing
 * ClickHouse fits. Plans read stored payload lengths: they are added to existing tables, and computed where old parts lack them.
 */
import type { ClickHouseMigration } from "./migration.ts";

export const legacyTables: ClickHouseMigration = {
  name: "0002-legacy-tables",
  statements: ({ onCluster, engine, stored, distribute }) => [
    `CREATE TABLE IF NOT EXISTS ${stored("traces")} ${onCluster} (
      id String,
      timestamp DateTime64(3),
      name String,
      user_id Nullable(String),
      metadata Map(LowCardinality(String), String),
      release Nullable(String),
      version Nullable(String),
      project_id String,
      environment LowCardinality(String) DEFAULT 'default',
      public Bool,
      bookmarked Bool,
      tags Array(String),
      input Nullable(String) CODEC(ZSTD(3)),
      output Nullable(String) CODEC(ZSTD(3)),
      session_id Nullable(String),
      created_at DateTime64(3) DEFAULT now64(3),
      updated_at DateTime64(3) DEFAULT now64(3),
      event_ts DateTime64(3),
      is_deleted UInt8,
      INDEX idx_id id TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_res_metadata_key mapKeys(metadata) TYPE bloom_filter(0.01) GRANULARITY 1,
      INDEX idx_session_id session_id TYPE bloom_filter(0.01) GRANULARITY 1,
      INDEX idx_user_id user_id TYPE bloom_filter(0.01) GRANULARITY 1,
      INDEX idx_created_at created_at TYPE minmax GRANULARITY 1
    )
    ENGINE = ${engine("ReplacingMergeTree", "event_ts, is_deleted")}
    PARTITION BY toYYYYMM(timestamp)
    PRIMARY KEY (project_id, toDate(timestamp))
    ORDER BY (project_id, toDate(timestamp), id)`,
    `CREATE TABLE IF NOT EXISTS ${stored("observations")} ${onCluster} (
      id String,
      trace_id String,
      project_id String,
      environment LowCardinality(String) DEFAULT 'default',
      type LowCardinality(String),
      parent_observation_id Nullable(String),
      start_time DateTime64(3),
      end_time Nullable(DateTime64(3)),
      name String,
      metadata Map(LowCardinality(String), String),
      level LowCardinality(String),
      status_message Nullable(String),
      version Nullable(String),
      input Nullable(String) CODEC(ZSTD(3)),
      output Nullable(String) CODEC(ZSTD(3)),
      provided_model_name Nullable(String),
      internal_model_id Nullable(String),
      model_parameters Nullable(String),
      provided_usage_details Map(LowCardinality(String), UInt64),
      usage_details Map(LowCardinality(String), UInt64),
      provided_cost_details Map(LowCardinality(String), Decimal64(12)),
      cost_details Map(LowCardinality(String), Decimal64(12)),
      total_cost Nullable(Decimal64(12)),
      completion_start_time Nullable(DateTime64(3)),
      prompt_id Nullable(String),
      prompt_name Nullable(String),
      prompt_version Nullable(UInt16),
      created_at DateTime64(3) DEFAULT now64(3),
      updated_at DateTime64(3) DEFAULT now64(3),
      event_ts DateTime64(3),
      is_deleted UInt8,
      usage_pricing_tier_id Nullable(String),
      usage_pricing_tier_name Nullable(String),
      tool_definitions Map(String, String) DEFAULT map(),
      tool_calls Array(String) DEFAULT [],
      tool_call_names Array(String) DEFAULT [],
      INDEX idx_id id TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_trace_id trace_id TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_res_metadata_key mapKeys(metadata) TYPE bloom_filter(0.01) GRANULARITY 1,
      INDEX idx_created_at created_at TYPE minmax GRANULARITY 1
    )
    ENGINE = ${engine("ReplacingMergeTree", "event_ts, is_deleted")}
    PARTITION BY toYYYYMM(start_time)
    PRIMARY KEY (project_id, type, toDate(start_time))
    ORDER BY (project_id, type, toDate(start_time), id)`,
    `CREATE TABLE IF NOT EXISTS ${stored("scores")} ${onCluster} (
      id String,
      timestamp DateTime64(3),
      project_id String,
      environment LowCardinality(String) DEFAULT 'default',
      trace_id Nullable(String),
      session_id Nullable(String),
      dataset_run_id Nullable(String),
      observation_id Nullable(String),
      name String,
      value Float64,
      source String,
      comment Nullable(String) CODEC(ZSTD(1)),
      metadata Map(LowCardinality(String), String),
      author_user_id Nullable(String),
      config_id Nullable(String),
      data_type String,
      string_value Nullable(String),
      queue_id Nullable(String),
      created_at DateTime64(3) DEFAULT now64(3),
      updated_at DateTime64(3) DEFAULT now64(3),
      event_ts DateTime64(3),
      is_deleted UInt8,
      execution_trace_id Nullable(String),
      long_string_value String CODEC(ZSTD(3)),
      ingestion_api_key String DEFAULT '',
      ingestion_sdk_name LowCardinality(String) DEFAULT 'unknown',
      ingestion_sdk_version LowCardinality(String) DEFAULT 'unknown',
      INDEX idx_id id TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_project_trace_observation (project_id, trace_id, observation_id) TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_project_session (project_id, session_id) TYPE bloom_filter(0.001) GRANULARITY 1,
      INDEX idx_created_at created_at TYPE minmax GRANULARITY 1
    )
    ENGINE = ${engine("ReplacingMergeTree", "event_ts, is_deleted")}
    PARTITION BY toYYYYMM(timestamp)
    PRIMARY KEY (project_id, toDate(timestamp), name)
    ORDER BY (project_id, toDate(timestamp), name, id)`,
    `CREATE TABLE IF NOT EXISTS ${stored("dataset_run_items_rmt")} ${onCluster} (
      id String,
      project_id String,
      dataset_run_id String,
      dataset_item_id String,
      dataset_id String,
      trace_id String,
      observation_id Nullable(String),
      error Nullable(String),
      created_at DateTime64(3) DEFAULT now64(3),
      updated_at DateTime64(3) DEFAULT now64(3),
      dataset_run_name String,
      dataset_run_description Nullable(String),
      dataset_run_metadata Map(LowCardinality(String), String),
      dataset_run_created_at DateTime64(3),
      dataset_item_input Nullable(String) CODEC(ZSTD(3)),
      dataset_item_expected_output Nullable(String) CODEC(ZSTD(3)),
      dataset_item_metadata Map(LowCardinality(String), String),
      dataset_item_version Nullable(DateTime64(3)),
      event_ts DateTime64(3),
      is_deleted UInt8,
      INDEX idx_id id TYPE bloom_filter(0.001) GRANULARITY 1
    )
    ENGINE = ${engine("ReplacingMergeTree", "event_ts, is_deleted")}
    ORDER BY (project_id, dataset_id, dataset_run_id, id)`,
    ...["traces", "observations"].flatMap((table) =>
      ["input", "output"].map(
        (column) =>
          `ALTER TABLE ${stored(table)} ${onCluster} ADD COLUMN IF NOT EXISTS ${column}_length UInt64 MATERIALIZED ifNull(lengthUTF8(${column}), 0)`,
      ),
    ),
    ...distribute(["traces", "observations", "scores", "dataset_run_items_rmt"]),
  ],
};
