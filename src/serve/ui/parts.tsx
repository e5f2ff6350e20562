// Small pieces that every view has.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Cell, type Column, type Diagnostic, Refused, type Row } from "./api";
import { type Events, Grid } from "./grid";
import { say } from "./store";
import { copy, moment, portal, textOf } from "./values";

/// What a question to the server has come to.
export type Asking<T> = { state: "waiting" } | { state: "here"; value: T } | { state: "failed"; error: unknown };

/// Asks the server whenever one of the inputs changes; the answer to an older question is dropped.
export function useAnswer<T>(ask: (signal: AbortSignal) => Promise<T>, inputs: unknown[]): Asking<T> {
    const [asking, set] = useState<Asking<T>>({ state: "waiting" });
    useEffect(() => {
        const stop = new AbortController();
        set({ state: "waiting" });
        ask(stop.signal).then(
            (value) => stop.signal.aborted || set({ state: "here", value }),
            (error: unknown) => stop.signal.aborted || set({ state: "failed", error }),
        );
        return () => stop.abort();
    }, inputs);
    return asking;
}

/// What an answer is shown as once it is here.
export function Awaited<T>({ asking, what, children }: { asking: Asking<T>; what: string; children: (value: T) => ComponentChildren }) {
    if (asking.state === "waiting") return <p class="waiting" role="status">{`Reading ${what} …`}</p>;
    if (asking.state === "failed") return <Failure error={asking.error} />;
    return <>{children(asking.value)}</>;
}

export function Failure({ error }: { error: unknown }) {
    const message = error instanceof Error ? error.message : String(error);
    const diagnostics = error instanceof Refused ? error.diagnostics : [];
    return (
        <div class="failure" role="alert">
            {diagnostics.length === 0 ? <p>{message}</p> : <Diagnostics all={diagnostics} />}
        </div>
    );
}

export function Diagnostics({ all }: { all: Diagnostic[] }) {
    return (
        <ul class="diagnostics">
            {all.map((found) => (
                <li class={found.severity}>
                    <p>
                        <b>{`${found.severity} ${found.code}`}</b> {found.message}
                        {found.line ? <span class="soft">{` (line ${found.line}, column ${found.column ?? 1})`}</span> : null}
                    </p>
                    {found.label ? <p class="soft">{found.label}</p> : null}
                    {found.help ? <p>{`Help: ${found.help}`}</p> : null}
                </li>
            ))}
        </ul>
    );
}

/// An id may be broken at its slashes; where Azure has it, it leads to the portal.
export function Id({ id }: { id: string }) {
    const link = portal(id);
    const text = id.split("/").map((part, at) => (at === 0 ? part : [<wbr />, `/${part}`]));
    return link ? (
        <a class="id" href={link} target="_blank" rel="noopener noreferrer">
            {text}
        </a>
    ) : (
        <span class="id">{text}</span>
    );
}

/// A value of JSON; arrays and bags open and close.
export function Tree({ value, name, open = false }: { value: Cell; name?: string | undefined; open?: boolean }) {
    const [isOpen, set] = useState(open);
    const label = name === undefined ? null : <b class="key">{`${name}: `}</b>;
    if (value === null || typeof value !== "object") {
        return (
            <span class="leaf">
                {label}
                {typeof value === "string" ? (
                    <span class="text">{portal(value) ? <Id id={value} /> : value}</span>
                ) : (
                    <span class="plain">{value === null ? "null" : String(value)}</span>
                )}
            </span>
        );
    }
    const entries = Array.isArray(value) ? value.map((each, at) => [String(at), each] as const) : Object.entries(value);
    return (
        <details class="tree" open={isOpen} onToggle={(event) => set(event.currentTarget.open)}>
            <summary>
                {label}
                <span class="soft">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span>
            </summary>
            {isOpen ? (
                <ul>
                    {entries.slice(0, 500).map(([key, each]) => (
                        <li>
                            <Tree name={key} value={each} open={entries.length <= 3} />
                        </li>
                    ))}
                    {entries.length > 500 ? <li class="soft">{`and ${entries.length - 500} more`}</li> : null}
                </ul>
            ) : null}
        </details>
    );
}

/// Text that holds JSON is shown as that.
function asTree(cell: Cell): Cell {
    if (typeof cell !== "string" || !/^\s*[[{]/.test(cell)) return cell;
    try {
        return JSON.parse(cell) as Cell;
    } catch {
        return cell;
    }
}

/// All of one row, beside the grid.
export function RowDetail({ columns, row, column, close }: { columns: Column[]; row: Row; column: number; close: () => void }) {
    const panel = useRef<HTMLElement>(null);
    useEffect(() => {
        panel.current?.querySelector<HTMLElement>(`[data-at="${column}"]`)?.scrollIntoView({ block: "nearest" });
        panel.current?.querySelector<HTMLElement>("button")?.focus();
    }, [row, column]);
    return (
        <aside
            class="row-detail"
            aria-label="The row"
            ref={panel}
            onKeyDown={(event) => {
                if (event.key === "Escape") close();
            }}
        >
            <div class="bar">
                <h2>Row</h2>
                <button type="button" onClick={close}>
                    Close
                </button>
            </div>
            <dl>
                {columns.map((each, at) => {
                    const value = row[at] ?? null;
                    return (
                        <div class={at === column ? "current" : ""} data-at={at}>
                            <dt>
                                {each.name} <span class="soft">{each.type}</span>
                                <button type="button" class="quiet" aria-label={`Copy ${each.name}`} onClick={() => void copyValue(value)}>
                                    copy
                                </button>
                            </dt>
                            <dd>
                                {each.type === "datetime" && typeof value === "string" ? (
                                    <time dateTime={value}>{moment(value)}</time>
                                ) : (
                                    <Tree value={asTree(value)} open={at === column || columns.length < 6} />
                                )}
                            </dd>
                        </div>
                    );
                })}
            </dl>
        </aside>
    );
}

async function copyValue(value: Cell): Promise<void> {
    const text = typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : textOf(value);
    say((await copy(text)) ? "Copied" : "The browser does not let this page copy");
}

/// A grid over rows that are all here.
export function Rows({ columns, rows, label, open }: { columns: Column[]; rows: Row[]; label: string; open?: (row: Row) => void }) {
    const parent = useRef<HTMLDivElement>(null);
    const grid = useRef<Grid | null>(null);
    const [detail, setDetail] = useState<{ row: Row; column: number } | null>(null);
    useLayoutEffect(() => {
        setDetail(null);
        const events: Events = { say, open: (row, column) => (open ? open(row) : setDetail({ row, column })) };
        const made = (grid.current = new Grid(columns, label, events));
        made.add(rows);
        parent.current!.replaceChildren(made.element);
        return () => made.destroy();
    }, [columns, rows]);
    return (
        <div class="with-detail">
            <div class="grid-parent" ref={parent} style={{ height: `${Math.min(20, rows.length + 1) * 28 + 20}px` }} />
            {detail ? <RowDetail columns={columns} {...detail} close={() => setDetail(null)} /> : null}
        </div>
    );
}

/// A share as a bar with its number.
export function Share({ share, title }: { share: number; title?: string }) {
    const percent = Math.round(share * 1000) / 10;
    return (
        <span class="share" title={title}>
            <span class="track" aria-hidden="true">
                <span style={{ width: `${Math.min(100, percent)}%` }} />
            </span>
            <span class="amount">{`${percent} %`}</span>
        </span>
    );
}

export function Empty({ children }: { children: ComponentChildren }) {
    return <p class="empty">{children}</p>;
}
