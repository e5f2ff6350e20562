
"use strict";
// Sorts a table by the column whose heading is pressed: once up, twice down. Empty cells stay last.
const words = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const heads = Array.from(table.querySelectorAll("th"));
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = row => {
        const cell = row.cells[column];
        const text = cell.dataset.v || cell.textContent;
        if (text === "") return null;
        const plain = text.replace(/^(-?)inf$/, "$1Infinity");
        return cell.dataset.v || cell.className === "n" ? Number(plain) : text;
      };
      const order = (a, b) => typeof a === "number" ? (Number.isNaN(a) ? Number.isNaN(b) - 1 : Number.isNaN(b) ? 1 : a - b) : words.compare(a, b);
      const rows = Array.from(body.rows, row => ({ row, key: key(row) }));
      rows.sort((a, b) => a.key === null || b.key === null
        ? (a.key === null) - (b.key === null)
        : down ? order(b.key, a.key) : order(a.key, b.key));
      body.append(...rows.map(entry => entry.row));
    });
  });
}
