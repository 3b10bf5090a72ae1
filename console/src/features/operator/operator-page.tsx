/** State of the installation. */
import { Page } from "../../components/page.tsx";

export const OperatorPage = () => (
  <Page title="Operator">
    <p />
  </Page>
);
