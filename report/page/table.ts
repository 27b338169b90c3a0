import { button, type Child, el, nothing } from "./dom.ts";
import { count } from "./format.ts";

export interface Column<Row> {
  readonly title: string;
  /** Explains the title where that is needed. */
  readonly hint?: string;
  /** What rows are ordered by: numbers largest first, texts from A. Absent: the column cannot be sorted by. */
  readonly by?: (row: Row) => number | string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
  /** Texts that may be long wrap, anywhere if need be; others keep to one line. */
  readonly isLong?: boolean;
  readonly show: (row: Row) => Child;
}

export interface TableOptions<Row> {
  /** What the table is, for those who cannot see where it stands. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  /** Shown in place of an empty table. */
  readonly empty: string;
  /** Index of the column that rows are ordered by at first. Absent: as they are given. */
  readonly sortedBy?: number;
  /** At first; a button shows more. Default 25. */
  readonly rowsMax?: number;
}

const collator = new Intl.Collator("en", { numeric: true });

/** How many more rows one press of the button brings: a page stays quick. */
const moreRows = 500;

/** A table whose headers sort it. */
export class Table<Row> {
  readonly element: HTMLElement = el("div", { class: "table" });
  readonly #options: TableOptions<Row>;
  #rows: readonly Row[] = [];
  #sortedBy: number | undefined;
  #isReversed = false;
  #shown: number;

  constructor(options: TableOptions<Row>) {
    this.#options = options;
    this.#sortedBy = options.sortedBy;
    this.#shown = options.rowsMax ?? 25;
  }

  show(rows: readonly Row[]): void {
    this.#rows = rows;
    this.#draw();
  }

  #draw(): void {
    const { label, columns, empty } = this.#options;
    if (this.#rows.length === 0) {
      this.element.replaceChildren(nothing(empty));
      return;
    }
    const head = el("tr", {}, ...columns.map((column, index) => this.#header(column, index)));
    const rows = this.#ordered().slice(0, this.#shown);
    const body = rows.map((row) =>
      el(
        "tr",
        {},
        ...columns.map(({ isNumber, isLong, show }) =>
          el("td", { class: isNumber ? "number" : isLong ? "long" : undefined }, show(row)),
        ),
      ),
    );
    const table = el("table", { "aria-label": label }, el("thead", {}, head), el("tbody", {}, ...body));
    // What is wider than the page scrolls, and can be scrolled with keys.
    const scroller = el("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": label }, table);
    const hidden = this.#rows.length - rows.length;
    const more = button(`Show ${hidden > moreRows ? `${moreRows} more` : "the rest"} (${count(hidden)} hidden)`, () => {
      this.#shown += moreRows;
      this.#draw();
    });
    this.element.replaceChildren(scroller, ...(hidden > 0 ? [el("p", { class: "more" }, more)] : []));
  }

  #header({ title, hint, by, isNumber }: Column<Row>, index: number): HTMLElement {
    const isSorted = this.#sortedBy === index;
    const isDescending = (isNumber ?? false) !== this.#isReversed;
    const attributes = {
      scope: "col",
      class: isNumber ? "number" : undefined,
      "aria-sort": isSorted ? (isDescending ? "descending" : "ascending") : undefined,
      title: hint,
    };
    if (by === undefined) return el("th", attributes, title);
    return el(
      "th",
      attributes,
      button(title, () => {
        this.#isReversed = isSorted && !this.#isReversed;
        this.#sortedBy = index;
        this.#draw();
        this.element.querySelectorAll("th")[index]?.querySelector("button")?.focus();
      }),
    );
  }

  #ordered(): readonly Row[] {
    const column = this.#sortedBy === undefined ? undefined : this.#options.columns[this.#sortedBy];
    const by = column?.by;
    if (by === undefined) return this.#rows;
    const sign = this.#isReversed ? -1 : 1;
    return [...this.#rows].sort((a, b) => {
      const [first, second] = [by(a), by(b)];
      if (typeof first === "string" || typeof second === "string") {
        return sign * collator.compare(String(first), String(second));
      }
      // What is not known stands last, either way.
      if (Number.isNaN(first) || Number.isNaN(second))
        return Number(Number.isNaN(first)) - Number(Number.isNaN(second));
      return sign * (second - first);
    });
  }
}
