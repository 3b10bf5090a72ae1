/** Search over the rows. It is applied with Enter, or when typing rests. */
import { useEffect, useRef, useState } from "react";
import { Input, Select } from "../../components/field.tsx";
import type { ExportTable } from "../../generated/types.gen.ts";
import { type SearchPlace, searchPlaces } from "./table-search.ts";
import type { TableView } from "./use-table-view.ts";

const restMs = 600;
const titles: Record<SearchPlace, string> = { id: "Ids and names", input: "Input", output: "Output", content: "Input and output" };

export const SearchBox = ({ table, view: { search, filterBy } }: { table: ExportTable; view: TableView }) => {
  const [text, setText] = useState(search.q ?? "");
  const applied = search.q ?? "";
  /** What this box applied last: any other text in the URL comes from elsewhere, and is taken over. */
  const own = useRef(applied);
  useEffect(() => {
    if (applied === own.current) return;
    own.current = applied;
    setText(applied);
  }, [applied]);
  const apply = () => {
    if (text === own.current) return;
    own.current = text;
    filterBy({ q: text === "" ? undefined : text, ...(text === "" && { in: undefined }) });
  };
  useEffect(() => {
    const timer = setTimeout(apply, restMs);
    return () => clearTimeout(timer);
    // Only what is typed starts the clock.
  }, [text]);
  const places = searchPlaces.filter((place) => table.searchTypes.includes(place));
  return (
    <search className="search-box">
      <Input
        type="search"
        aria-label="Search"
        placeholder="Search"
        value={text}
        maxLength={2000}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && apply()}
      />
      {places.length < 2 ? null : (
        <Select
          aria-label="Where to search"
          value={search.in ?? "id"}
          options={places.map((place) => ({ value: place, title: titles[place] }))}
          onChange={(place) => {
            own.current = text;
            filterBy({ in: place === "id" ? undefined : place, q: text === "" ? undefined : text });
          }}
        />
      )}
    </search>
  );
};
