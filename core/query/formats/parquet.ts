/** Parquet with real types. ClickHouse writes each slice as a whole file; core/query/formats/parquet-footer.ts joins them. */
import type { FileFormat } from "./file-format.ts";

export const parquet: FileFormat = {
  extension: "parquet",
  contentType: "application/vnd.apache.parquet",
  joining: "footer",
  ending: "binary",
  canCompress: false,
  slice: (columns) => ({
    select: columns.map(({ id, sql, uses }) => ({ alias: id, sql, uses })),
    clickhouseFormat: "Parquet",
    settings: {
      output_format_parquet_compression_method: "zstd",
      // Keeps row groups small if payloads are large, because readers hold one in memory.
      output_format_parquet_row_group_size: "20000",
      output_format_parquet_row_group_size_bytes: String(64 * 1024 * 1024),
      // The page index has absolute offsets outside the footer, which merging does not adjust.
      output_format_parquet_write_page_index: "0",
      output_format_parquet_write_bloom_filter: "0",
      output_format_parquet_string_as_string: "1",
      output_format_parquet_fixed_string_as_fixed_byte_array: "1",
      output_format_parquet_datetime_as_uint32: "0",
      output_format_parquet_compliant_nested_types: "1",
    },
  }),
  before: "",
  between: "",
  after: "",
};
