// The data: tables, their columns and the paths in those, each with its share and most frequent values.

import { useState } from "preact/hooks";
import * as api from "./api";
import { Awaited, Share, useAnswer } from "./parts";
import { activeTab, changeTab, database, go, say, tabs } from "./store";
import { count, counted, textOf } from "./values";
import { literal } from "./kql";

type Insert = (text: string) => void;

/// In the view of its own what is chosen goes to the end of the query that is open.
export function Data() {
    const insert: Insert = (text) => {
        const tab = tabs.get().find((each) => each.id === activeTab.get());
        if (!tab) return;
        const before = tab.text.trimEnd();
        changeTab(tab.id, { text: before + (text.startsWith("|") ? "\n" : before === "" ? "" : " ") + text });
        say(`Added to ${tab.name}`);
    };
    return (
        <div class="page data-page">
            <div class="bar">
                <h1>Data</h1>
                <button type="button" onClick={() => go("query")}>
                    To the query
                </button>
            </div>
            <DataPanel insert={insert} />
        </div>
    );
}

export function DataPanel({ insert }: { insert: Insert }) {
    const inDatabase = database.use();
    const [find, setFind] = useState("");
    const tables = useAnswer(() => api.tables(inDatabase), [inDatabase]);
    return (
        <div class="data">
            <input type="search" placeholder="Find a table or column" aria-label="Find a table or column" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
            <Awaited asking={tables} what="tables">
                {(all) => {
                    const wanted = find.toLowerCase();
                    const has = (text: string) => text.toLowerCase().includes(wanted);
                    const shown = all.filter((table) => has(table.name) || table.columns.some((column) => has(column.name)));
                    const loaded = shown.filter((table) => table.rows !== null);
                    const known = shown.filter((table) => table.rows === null);
                    return (
                        <>
                            {loaded.map((table) => (
                                <Table key={`${inDatabase} ${table.name}`} table={table} insert={insert} find={wanted} />
                            ))}
                            {known.length > 0 ? (
                                <details class="known">
                                    <summary>{`${counted(known.length, "table")} without rows here`}</summary>
                                    {known.map((table) => (
                                        <Table key={table.name} table={table} insert={insert} find={wanted} />
                                    ))}
                                </details>
                            ) : null}
                            {shown.length === 0 ? <p class="empty">No table or column is called so.</p> : null}
                        </>
                    );
                }}
            </Awaited>
        </div>
    );
}

function Table({ table, insert, find }: { table: api.TableAbout; insert: Insert; find: string }) {
    const [open, setOpen] = useState(false);
    const columns = table.columns.filter((column) => find === "" || table.name.toLowerCase().includes(find) || column.name.toLowerCase().includes(find));
    return (
        <details class="table" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary>
                <b>{table.name}</b> <span class="soft">{table.rows === null ? "" : counted(table.rows, "row")}</span>
            </summary>
            {open ? (
                <>
                    {table.about ? <p class="soft">{table.about}</p> : null}
                    <button type="button" class="quiet" onClick={() => insert(table.name)}>
                        {`Insert ${table.name}`}
                    </button>
                    <ul>
                        {columns.map((column) => (
                            <li>
                                <Path table={table.name} path={column.name} name={column.name} type={column.type} insert={insert} hasRows={(table.rows ?? 0) > 0} />
                            </li>
                        ))}
                    </ul>
                </>
            ) : null}
        </details>
    );
}

interface PathProps {
    table: string;
    path: string;
    name: string;
    type: string;
    share?: number;
    entry?: api.PathEntry;
    insert: Insert;
    hasRows: boolean;
}

/// A path: its button puts it into the query; opened it shows what is in it.
function Path({ table, path, name, type, share, entry, insert, hasRows }: PathProps) {
    const [open, setOpen] = useState(false);
    return (
        <details class="path" open={open} onToggle={(event) => event.target === event.currentTarget && setOpen(event.currentTarget.open)}>
            <summary>
                <span class="name">{name}</span> <span class="type">{type}</span>
                {share === undefined ? null : <Share share={share} title="of the rows have it" />}
            </summary>
            {open ? (
                <div class="inside">
                    <button type="button" class="quiet" onClick={() => insert(path)}>{`Insert ${path}`}</button>
                    {hasRows ? <Inside table={table} path={path} entry={entry} insert={insert} /> : null}
                </div>
            ) : null}
        </details>
    );
}

function Inside({ table, path, entry, insert }: { table: string; path: string; entry: api.PathEntry | undefined; insert: Insert }) {
    const inDatabase = database.use();
    const inside = useAnswer(() => api.paths(inDatabase, `${table}.${path}`), [inDatabase, table, path]);
    return (
        <Awaited asking={inside} what={path}>
            {({ entries, sampled, rows }) => {
                const own = entries.find((each) => each.path === path || each.path === `${table}.${path}`) ?? entry;
                const below = entries.filter((each) => each !== own);
                return (
                    <>
                        {own && own.top.length > 0 ? <Top own={own} path={path} insert={insert} /> : null}
                        {sampled ? <p class="soft">{`from ${count(rows)} rows`}</p> : null}
                        {below.length > 0 ? (
                            <ul>
                                {below.map((each) => (
                                    <li>
                                        <Path
                                            table={table}
                                            path={each.path.startsWith(`${table}.`) ? each.path.slice(table.length + 1) : each.path}
                                            name={each.name}
                                            type={each.type}
                                            share={each.share}
                                            entry={each}
                                            insert={insert}
                                            hasRows
                                        />
                                    </li>
                                ))}
                            </ul>
                        ) : null}
                    </>
                );
            }}
        </Awaited>
    );
}

function Top({ own, path, insert }: { own: api.PathEntry; path: string; insert: Insert }) {
    return (
        <>
            {own.distinct ? <p class="soft">{counted(own.distinct, "value")}</p> : null}
            <ul class="top">
                {own.top.map(({ value, share }) => (
                    <li>
                        <button type="button" class="plain" title="Put it into the query as a filter" onClick={() => insert(`| where ${path} == ${literal(value)}`)}>
                            <span class="value">{textOf(value) === "" ? "(empty)" : textOf(value)}</span>
                            <Share share={share} />
                        </button>
                    </li>
                ))}
            </ul>
        </>
    );
}
