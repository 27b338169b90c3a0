import { el, nothing } from "./dom.ts";
import { embeddedReport } from "./embedded.ts";
import { reportPage } from "./report-page.ts";

const page = document.querySelector("#page") ?? document.body;
page.replaceChildren(el("p", { class: "loading", role: "status" }, "Reading the report…"));
embeddedReport().then(
  (data) => page.replaceChildren(...reportPage(data)),
  (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    page.replaceChildren(
      nothing(`This file's data cannot be read, so it is damaged or this browser is too old: ${why}`),
    );
  },
);
