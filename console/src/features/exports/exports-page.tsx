/** List of the exports of a project. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Page } from "../../components/page.tsx";
import { countText } from "../../components/quantity.ts";
import { QueryView } from "../../components/query-view.tsx";
import { Empty } from "../../components/states.tsx";
import { Table } from "../../components/table.tsx";
import { listBatchExportsOptions } from "../../generated/@tanstack/react-query.gen.ts";

const route = getRouteApi("/projects/$projectId/exports");

export const ExportsPage = () => {
  const search = route.useSearch();
  const query = useQuery(listBatchExportsOptions({ query: { limit: 25, ...search } }));
  return (
    <Page title="Exports">
      <QueryView
        query={query}
        label="exports"
        isEmpty={({ data }) => data.length === 0}
        empty={<Empty icon="export" title="No exports yet" />}
      >
        {({ data }) => (
          <Table
            label="Exports"
            rows={data}
            rowKey={({ id }) => id}
            columns={[
              { id: "name", title: "Name", cell: ({ name }) => name },
              { id: "status", title: "Status", cell: ({ status }) => status },
              { id: "rows", title: "Rows", align: "end", cell: ({ progress }) => countText(progress.rows) },
            ]}
          />
        )}
      </QueryView>
    </Page>
  );
};
