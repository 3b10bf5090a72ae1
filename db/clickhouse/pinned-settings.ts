/** ClickHouse: settings that every statement sends, so that no profile of the server changes what it means. */

/** Pinned for every statement that selects: what joins, absent values and aggregates of nothing mean. */
export const meaningSettings = {
  enable_analyzer: "1",
  join_use_nulls: "0",
  transform_null_in: "0",
  aggregate_functions_null_for_empty: "0",
  empty_result_for_aggregation_by_empty_set: "0",
} as const;

/** Pinned for every query, whatever the server's profile says (measured traps: docs/architecture.md, "Reading ClickHouse"). */
export const readSettings: Record<string, string> = {
  ...meaningSettings,
  readonly: "2",
  cancel_http_readonly_queries_on_client_close: "1",
  http_write_exception_in_output_format: "0",
  do_not_merge_across_partitions_select_final: "1",
  // Without it, older servers skip granules that hold a newer version under FINAL, and the old version reappears.
  use_skip_indexes_if_final_exact_mode: "1",
  output_format_json_quote_64bit_integers: "1",
  output_format_json_quote_decimals: "1",
  output_format_json_quote_denormals: "1",
  output_format_json_escape_forward_slashes: "0",
  output_format_json_named_tuples_as_objects: "1",
  output_format_json_validate_utf8: "0",
  date_time_output_format: "iso",
  // An alias of a file column never hides a table column that another expression reads.
  prefer_column_name_to_alias: "1",
  output_format_decimal_trailing_zeros: "0",
  session_timezone: "UTC",
  max_result_rows: "0",
  max_result_bytes: "0",
  // A profile may silently return less than everything.
  limit: "0",
  offset: "0",
  extremes: "0",
  use_query_cache: "0",
  skip_unavailable_shards: "0",
  result_overflow_mode: "throw",
  read_overflow_mode: "throw",
  read_overflow_mode_leaf: "throw",
  timeout_overflow_mode: "throw",
  timeout_overflow_mode_leaf: "throw",
  sort_overflow_mode: "throw",
  group_by_overflow_mode: "throw",
  distinct_overflow_mode: "throw",
  set_overflow_mode: "throw",
  join_overflow_mode: "throw",
  transfer_overflow_mode: "throw",
  bool_true_representation: "true",
  bool_false_representation: "false",
  format_csv_delimiter: ",",
  output_format_csv_crlf_end_of_line: "0",
  output_format_json_map_as_array_of_tuples: "0",
  output_format_json_array_of_rows: "0",
  output_format_write_statistics: "0",
  // Privacy rules and embedded documents rely on what this parser refuses.
  allow_simdjson: "1",
};

/** Pinned for every insert: the rows are written when the answer arrives, and a row that does not fit is an error. */
export const writeSettings = {
  async_insert: 0,
  date_time_input_format: "best_effort",
  input_format_skip_unknown_fields: 0,
  input_format_defaults_for_omitted_fields: 1,
  input_format_null_as_default: 0,
  session_timezone: "UTC",
  // Rows of a batch may start in any month. Too many parts are then the server's problem, never the batch's.
  max_partitions_per_insert_block: "0",
} as const;
