// A table of any length: as many rows are drawn as are seen. Rows may come while it is looked at.

import type { Cell, Column, Row } from "./api";
import { NUMBERS, compare, copy, count, moment, portal, test, textOf } from "./values";

const HEIGHT = 28;
/// Rows that are drawn above and below what is seen.
const AROUND = 8;
/// Browsers draw nothing that is higher than some tens of millions of pixels.
const HIGHEST = 12_000_000;
/// Letters of a cell that are drawn.
const LETTERS = 400;
const NARROW = 48;

export interface Events {
    /// A row was chosen: Enter, or a double click.
    open?: (row: Row, column: number) => void;
    /// How many rows there are, and how many of them are shown.
    counts?: (shown: number, all: number) => void;
    say?: (text: string) => void;
}

export class Grid {
    readonly element: HTMLElement;
    private readonly scroller: HTMLElement;
    private readonly head: HTMLElement;
    private readonly space: HTMLElement;
    private readonly body: HTMLElement;
    private readonly rows: Row[] = [];
    /// Numbers of the rows that are shown, in their order; null: all, as they came.
    private order: number[] | null = null;
    private widths: number[];
    private sorted: { column: number; down: boolean } | null = null;
    private readonly filters: string[];
    private anywhere = "";
    private filtering = false;
    private active = { row: -1, column: 0 };
    private anchor = { row: -1, column: 0 };
    private first = -1;
    private drawing = 0;
    private measured = false;
    private readonly watcher: ResizeObserver;

    constructor(
        private readonly columns: Column[],
        label: string,
        private readonly events: Events = {},
    ) {
        this.widths = columns.map((column) => Math.min(260, Math.max(70, column.name.length * 8 + 44)));
        this.filters = columns.map(() => "");
        this.element = make("div", "grid-frame");
        this.scroller = make("div", "grid-scroll");
        this.scroller.tabIndex = 0;
        set(this.scroller, { role: "grid", "aria-label": label, "aria-colcount": String(columns.length), "aria-multiselectable": "true" });
        this.head = make("div", "grid-head");
        this.head.setAttribute("role", "rowgroup");
        this.space = make("div", "grid-space");
        this.space.setAttribute("role", "rowgroup");
        this.body = make("div", "grid-rows");
        this.body.setAttribute("role", "presentation");
        this.space.append(this.body);
        this.scroller.append(this.head, this.space);
        this.element.append(this.scroller);
        this.drawHead();
        this.scroller.addEventListener("scroll", () => this.later(), { passive: true });
        this.scroller.addEventListener("keydown", (event) => this.key(event));
        this.body.addEventListener("mousedown", (event) => this.press(event));
        this.body.addEventListener("dblclick", (event) => {
            if (this.placeOf(event.target)) this.openActive();
        });
        this.watcher = new ResizeObserver(() => this.later());
        this.watcher.observe(this.scroller);
        this.resized();
    }

    destroy(): void {
        this.watcher.disconnect();
        cancelAnimationFrame(this.drawing);
    }

    add(rows: Row[]): void {
        const start = this.rows.length;
        for (const row of rows) this.rows.push(row);
        if (!this.measured && this.rows.length > 0) this.fitAll();
        if (this.order) {
            const passes = this.passing();
            for (let at = start; at < this.rows.length; at += 1) if (passes(this.rows[at]!)) this.order.push(at);
        }
        this.resized();
    }

    /// All rows are here.
    done(): void {
        if (this.sorted) this.arrange();
    }

    /// Shows only rows that have this text in any cell.
    find(text: string): void {
        this.anywhere = text;
        this.arrange();
    }

    toggleFilters(): boolean {
        this.filtering = !this.filtering;
        if (!this.filtering) this.filters.fill("");
        this.drawHead();
        this.arrange();
        if (this.filtering) this.head.querySelector<HTMLInputElement>("input")?.focus();
        return this.filtering;
    }

    /// The rows as shown, with the names of the columns, as spreadsheets take them.
    text(): string {
        const lines = [this.columns.map((column) => column.name).join("\t")];
        for (let at = 0; at < this.length; at += 1) lines.push(this.row(at)!.map(plain).join("\t"));
        return lines.join("\n");
    }

    private get length(): number {
        return this.order ? this.order.length : this.rows.length;
    }

    private row(at: number): Row | undefined {
        return this.rows[this.order ? this.order[at]! : at];
    }

    private passing(): (row: Row) => boolean {
        const tests = this.filters.map((filter, column) => ({ filter, column })).filter(({ filter }) => filter !== "");
        const made = tests.map(({ filter, column }) => ({ column, passes: test(filter) }));
        const anywhere = this.anywhere === "" ? null : test(this.anywhere.replace(/^(?=[=!<>])/, " "));
        return (row) =>
            made.every(({ column, passes }) => passes(row[column])) && (anywhere === null || row.some((cell) => anywhere(cell)));
    }

    private arrange(): void {
        const filtered = this.anywhere !== "" || this.filters.some((filter) => filter !== "");
        if (!filtered && !this.sorted) {
            this.order = null;
        } else {
            const passes = this.passing();
            const order: number[] = [];
            for (let at = 0; at < this.rows.length; at += 1) if (!filtered || passes(this.rows[at]!)) order.push(at);
            if (this.sorted) {
                const { column, down } = this.sorted;
                const keys = this.rows.map((row) => row[column]);
                const by = (a: number, b: number) => {
                    const [left, right] = [keys[a], keys[b]];
                    // What is empty stands last, whichever way round.
                    if (left === null || left === undefined || right === null || right === undefined) return compare(left, right) || a - b;
                    return (down ? -compare(left, right) : compare(left, right)) || a - b;
                };
                order.sort(by);
            }
            this.order = order;
        }
        this.active = { row: Math.min(this.active.row, this.length - 1), column: this.active.column };
        this.anchor = { ...this.active };
        this.scroller.scrollTop = 0;
        this.resized();
    }

    private resized(): void {
        const height = this.length * HEIGHT;
        this.space.style.height = `${Math.min(height, HIGHEST)}px`;
        this.scroller.setAttribute("aria-rowcount", String(this.length + 1));
        this.scroller.classList.toggle("is-empty", this.length === 0);
        this.events.counts?.(this.length, this.rows.length);
        this.first = -1;
        this.later();
    }

    private later(): void {
        if (this.drawing) return;
        this.drawing = requestAnimationFrame(() => {
            this.drawing = 0;
            this.draw();
        });
    }

    private get seen(): number {
        return Math.max(1, Math.floor((this.scroller.clientHeight - this.head.offsetHeight) / HEIGHT));
    }

    private top(): number {
        const height = this.length * HEIGHT;
        const at = this.scroller.scrollTop;
        if (height <= HIGHEST) return at / HEIGHT;
        const most = HIGHEST - this.seen * HEIGHT;
        return (at / Math.max(1, most)) * Math.max(0, this.length - this.seen);
    }

    private draw(): void {
        const top = this.top();
        const start = Math.max(0, Math.floor(top) - AROUND);
        const end = Math.min(this.length, Math.ceil(top) + this.seen + AROUND);
        const offset = this.scroller.scrollTop + (start - top) * HEIGHT;
        this.body.style.transform = `translateY(${Math.max(0, Math.min(offset, HIGHEST))}px)`;
        const size = end - start;
        const steps = start - this.first;
        const known = this.first >= 0 && this.body.childElementCount === size && Math.abs(steps) < size;
        this.first = start;
        if (known) {
            // What goes out of sight on one side comes back on the other.
            for (let at = end - steps; at < end; at += 1) this.fill(this.body.appendChild(this.body.firstElementChild!), at);
            for (let at = start - steps - 1; at >= start; at -= 1) {
                this.fill(this.body.insertBefore(this.body.lastElementChild!, this.body.firstElementChild), at);
            }
            if (steps === 0) return;
        } else {
            while (this.body.childElementCount > size) this.body.lastElementChild!.remove();
            while (this.body.childElementCount < size) this.body.append(this.newRow());
            for (const [at, element] of [...this.body.children].entries()) this.fill(element, start + at);
        }
        this.mark();
    }

    private newRow(): HTMLElement {
        const row = make("div", "grid-row");
        row.setAttribute("role", "row");
        for (const [at, column] of this.columns.entries()) {
            const cell = make("div", NUMBERS.has(column.type) ? "cell number" : "cell");
            set(cell, { role: "gridcell", "aria-colindex": String(at + 1) });
            cell.dataset["column"] = String(at);
            row.append(cell);
        }
        return row;
    }

    private fill(element: Element, at: number): void {
        const row = this.row(at);
        element.setAttribute("data-row", String(at));
        element.setAttribute("aria-rowindex", String(at + 2));
        element.classList.toggle("odd", at % 2 === 1);
        if (!row) return;
        let column = 0;
        for (const cell of element.children) {
            const value = row[column];
            const type = this.columns[column]?.type ?? "";
            const link = portal(value);
            if (link) {
                const anchor = document.createElement("a");
                set(anchor, { href: link, target: "_blank", rel: "noopener noreferrer", tabindex: "-1", title: "Open in the portal" });
                anchor.textContent = textOf(value);
                cell.replaceChildren(anchor);
            } else {
                const text = shown(value, type);
                cell.textContent = text.length > LETTERS ? `${text.slice(0, LETTERS)}…` : text;
            }
            cell.classList.toggle("bag", typeof value === "object" && value !== null);
            column += 1;
        }
    }

    private drawHead(): void {
        this.scroller.style.setProperty("--columns", this.widths.map((width) => `${width}px`).join(" "));
        this.space.style.width = this.head.style.width = `${this.widths.reduce((all, width) => all + width, 0)}px`;
        const names = make("div", "grid-row");
        set(names, { role: "row", "aria-rowindex": "1" });
        for (const [at, column] of this.columns.entries()) {
            const cell = make("div", "cell");
            const by = this.sorted?.column === at ? (this.sorted.down ? "descending" : "ascending") : "none";
            set(cell, { role: "columnheader", "aria-colindex": String(at + 1), "aria-sort": by, title: `${column.name}: ${column.type}` });
            const button = document.createElement("button");
            button.type = "button";
            button.tabIndex = -1;
            button.className = "by";
            button.textContent = column.name === "" ? " " : column.name;
            button.addEventListener("click", () => this.sort(at));
            const grip = make("span", "grip");
            grip.addEventListener("pointerdown", (event) => this.drag(event, at));
            grip.addEventListener("dblclick", () => this.fit(at));
            cell.append(button, grip);
            names.append(cell);
        }
        this.head.replaceChildren(names);
        if (!this.filtering) return;
        const row = make("div", "grid-row filters");
        row.setAttribute("role", "row");
        for (const [at, column] of this.columns.entries()) {
            const cell = make("div", "cell");
            cell.setAttribute("role", "gridcell");
            const input = document.createElement("input");
            set(input, { type: "search", "aria-label": `Filter ${column.name}`, placeholder: "has, =, !, <, >", value: this.filters[at]! });
            let waiting: ReturnType<typeof setTimeout>;
            input.addEventListener("input", () => {
                clearTimeout(waiting);
                waiting = setTimeout(() => {
                    this.filters[at] = input.value;
                    this.arrange();
                }, 150);
            });
            cell.append(input);
            row.append(cell);
        }
        this.head.append(row);
    }

    private sort(column: number): void {
        if (this.sorted?.column !== column) this.sorted = { column, down: false };
        else if (!this.sorted.down) this.sorted = { column, down: true };
        else this.sorted = null;
        this.drawHead();
        this.arrange();
        const name = this.columns[column]!.name;
        this.events.say?.(this.sorted ? `Sorted by ${name}, ${this.sorted.down ? "descending" : "ascending"}` : "In the order of the answer");
    }

    private width(column: number, width: number): void {
        this.widths[column] = Math.max(NARROW, Math.min(1600, width));
        this.scroller.style.setProperty("--columns", this.widths.map((each) => `${each}px`).join(" "));
        this.space.style.width = this.head.style.width = `${this.widths.reduce((all, each) => all + each, 0)}px`;
    }

    private drag(event: PointerEvent, column: number): void {
        event.preventDefault();
        const from = event.clientX;
        const width = this.widths[column]!;
        const move = (moved: PointerEvent) => this.width(column, width + moved.clientX - from);
        const end = () => {
            removeEventListener("pointermove", move);
            removeEventListener("pointerup", end);
        };
        addEventListener("pointermove", move);
        addEventListener("pointerup", end);
    }

    private fit(column: number): void {
        const letters = Math.max(
            this.columns[column]!.name.length + 4,
            ...this.rows.slice(0, 200).map((row) => shown(row[column], this.columns[column]!.type).length),
        );
        this.width(column, letters * 7.4 + 22);
    }

    private fitAll(): void {
        this.measured = true;
        for (const column of this.columns.keys()) {
            this.fit(column);
            this.width(column, Math.min(this.widths[column]!, 360));
        }
    }

    private placeOf(target: EventTarget | null): { row: number; column: number } | null {
        const cell = (target as Element | null)?.closest<HTMLElement>(".cell");
        const row = cell?.closest<HTMLElement>(".grid-row");
        if (!cell?.dataset["column"] || !row?.dataset["row"]) return null;
        return { row: Number(row.dataset["row"]), column: Number(cell.dataset["column"]) };
    }

    private press(event: MouseEvent): void {
        const place = this.placeOf(event.target);
        if (!place || event.button !== 0) return;
        this.active = place;
        if (!event.shiftKey) this.anchor = place;
        const move = (moved: MouseEvent) => {
            const over = this.placeOf(moved.target);
            if (over && (over.row !== this.active.row || over.column !== this.active.column)) {
                this.active = over;
                this.mark();
            }
        };
        const end = () => {
            removeEventListener("mousemove", move);
            removeEventListener("mouseup", end);
        };
        addEventListener("mousemove", move);
        addEventListener("mouseup", end);
        this.mark();
    }

    private openActive(): void {
        const row = this.row(this.active.row);
        if (row) this.events.open?.(row, this.active.column);
    }

    private key(event: KeyboardEvent): void {
        if ((event.target as Element).tagName === "INPUT") {
            if (event.key === "Escape") this.scroller.focus();
            return;
        }
        if (event.target !== this.scroller) return;
        const far = event.ctrlKey || event.metaKey;
        if (far && event.key.toLowerCase() === "c") {
            event.preventDefault();
            void this.copySelection();
            return;
        }
        if (far && event.key.toLowerCase() === "a") {
            event.preventDefault();
            this.anchor = { row: 0, column: 0 };
            this.active = { row: this.length - 1, column: this.columns.length - 1 };
            this.mark();
            return;
        }
        const { row, column } = this.active;
        const last = this.length - 1;
        const right = this.columns.length - 1;
        const to: Record<string, [number, number]> = {
            ArrowDown: [far ? last : row + 1, column],
            ArrowUp: [far ? 0 : row - 1, column],
            ArrowLeft: [row, far ? 0 : column - 1],
            ArrowRight: [row, far ? right : column + 1],
            PageDown: [row + this.seen, column],
            PageUp: [row - this.seen, column],
            Home: [far ? 0 : row, 0],
            End: [far ? last : row, right],
        };
        if (event.altKey && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
            event.preventDefault();
            this.width(column, this.widths[column]! + (event.key === "ArrowLeft" ? -24 : 24));
            return;
        }
        if (event.key === "Enter") {
            event.preventDefault();
            if (far) this.sort(column);
            else this.openActive();
            return;
        }
        const next = to[event.key];
        if (!next || last < 0) return;
        event.preventDefault();
        this.active = { row: Math.max(0, Math.min(last, next[0])), column: Math.max(0, Math.min(right, next[1])) };
        if (!event.shiftKey) this.anchor = { ...this.active };
        this.reveal();
    }

    private reveal(): void {
        const top = this.top();
        const { row, column } = this.active;
        const height = this.length * HEIGHT;
        const place = (first: number) => {
            const most = HIGHEST - this.seen * HEIGHT;
            this.scroller.scrollTop = height <= HIGHEST ? first * HEIGHT : (first / Math.max(1, this.length - this.seen)) * most;
        };
        if (row < Math.ceil(top)) place(row);
        else if (row >= Math.floor(top) + this.seen) place(row - this.seen + 1);
        const left = this.widths.slice(0, column).reduce((all, width) => all + width, 0);
        const right = left + this.widths[column]!;
        if (left < this.scroller.scrollLeft) this.scroller.scrollLeft = left;
        else if (right > this.scroller.scrollLeft + this.scroller.clientWidth) this.scroller.scrollLeft = right - this.scroller.clientWidth;
        this.draw();
        this.mark();
    }

    /// Draws which cells are chosen.
    private mark(): void {
        const [top, bottom] = [Math.min(this.active.row, this.anchor.row), Math.max(this.active.row, this.anchor.row)];
        const [left, right] = [Math.min(this.active.column, this.anchor.column), Math.max(this.active.column, this.anchor.column)];
        let current = "";
        for (const element of this.body.children) {
            const at = Number((element as HTMLElement).dataset["row"]);
            for (const [column, cell] of [...element.children].entries()) {
                const chosen = at >= top && at <= bottom && column >= left && column <= right && this.active.row >= 0;
                const active = at === this.active.row && column === this.active.column;
                cell.classList.toggle("chosen", chosen);
                cell.classList.toggle("active", active);
                if (chosen) cell.setAttribute("aria-selected", "true");
                else cell.removeAttribute("aria-selected");
                if (active) {
                    cell.id ||= `cell-${Math.random().toString(36).slice(2)}`;
                    current = cell.id;
                }
            }
        }
        if (current) this.scroller.setAttribute("aria-activedescendant", current);
        else this.scroller.removeAttribute("aria-activedescendant");
    }

    private async copySelection(): Promise<void> {
        if (this.active.row < 0) return;
        const [top, bottom] = [Math.min(this.active.row, this.anchor.row), Math.max(this.active.row, this.anchor.row)];
        const [left, right] = [Math.min(this.active.column, this.anchor.column), Math.max(this.active.column, this.anchor.column)];
        const lines: string[] = [];
        for (let at = top; at <= bottom; at += 1) lines.push(this.row(at)!.slice(left, right + 1).map(plain).join("\t"));
        const alone = top === bottom && left === right;
        const done = await copy(alone ? textOf(this.row(top)![left]) : lines.join("\n"));
        const cells = (bottom - top + 1) * (right - left + 1);
        this.events.say?.(done ? `Copied ${count(cells)} ${cells === 1 ? "cell" : "cells"}` : "The browser does not let this page copy");
    }
}

function shown(cell: Cell | undefined, type: string): string {
    return type === "datetime" && typeof cell === "string" ? moment(cell) : textOf(cell);
}

function plain(cell: Cell | undefined): string {
    return textOf(cell).replace(/[\t\r\n]+/g, " ");
}

function make(tag: string, name: string): HTMLElement {
    const element = document.createElement(tag);
    element.className = name;
    return element;
}

function set(element: Element, attributes: Record<string, string>): void {
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
