/** Entry of the console: styles, the client of the API, and the router. Pages load when they are opened. */
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./app/api-client.ts";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { router } from "./app/router.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <RouterProvider router={router} />
  </StrictMode>,
);
