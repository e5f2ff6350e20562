// The data: tables, their columns and the paths in those, each with its share and most frequent values.

import type { ComponentChildren } from "preact";
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
                    return (
                        <>
                            {shown.map((table) => (
                                <Table key={`${inDatabase} ${table.name}`} table={table} insert={insert} find={wanted} />
                            ))}
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
                                <Path
                                    path={column.name}
                                    name={column.name}
                                    type={column.type}
                                    insert={insert}
                                    inside={table.rows === 0 ? null : <Inside table={table.name} path={column.name} insert={insert} />}
                                />
                            </li>
                        ))}
                    </ul>
                </>
            ) : null}
        </details>
    );
}

interface PathProps {
    path: string;
    name: string;
    type: string | null;
    share?: number | null;
    insert: Insert;
    inside: ComponentChildren;
}

/// A path: its button puts it into the query; opened it shows what is in it.
function Path({ path, name, type, share, insert, inside }: PathProps) {
    const [open, setOpen] = useState(false);
    return (
        <details class="path" open={open} onToggle={(event) => event.target === event.currentTarget && setOpen(event.currentTarget.open)}>
            <summary>
                <span class="name">{name}</span> <span class="type">{type ?? "null"}</span>
                {share === undefined || share === null ? null : <Share share={share} title="of the rows have it" />}
            </summary>
            {open ? (
                <div class="inside">
                    <button type="button" class="quiet" onClick={() => insert(path)}>{`Insert ${path}`}</button>
                    {inside}
                </div>
            ) : null}
        </details>
    );
}

/// What is in a column: the server tells of all that is below it at once.
function Inside({ table, path, insert }: { table: string; path: string; insert: Insert }) {
    const inDatabase = database.use();
    const inside = useAnswer(() => api.paths(inDatabase, `${table}.${path}`), [inDatabase, table, path]);
    return (
        <Awaited asking={inside} what={path}>
            {({ entries, sampled, rows }) => (
                <>
                    {sampled ? <p class="soft">{`by ${count(rows)} of the rows`}</p> : null}
                    <Below own={entries[0]} entries={entries.slice(1)} insert={insert} />
                </>
            )}
        </Awaited>
    );
}

function Below({ own, entries, insert }: { own: api.PathEntry | undefined; entries: api.PathEntry[]; insert: Insert }) {
    // Each that begins with none of the others is directly below.
    const isIn = (inner: api.PathEntry, outer: api.PathEntry) => inner !== outer && /^[.[]/.test(inner.path.slice(outer.path.length)) && inner.path.startsWith(outer.path);
    const direct = entries.filter((each) => !entries.some((other) => isIn(each, other)));
    return (
        <>
            {own && own.top.length > 0 ? <Top own={own} insert={insert} /> : null}
            {direct.length > 0 ? (
                <ul>
                    {direct.map((each) => (
                        <li>
                            <Path
                                path={each.path}
                                name={each.name}
                                type={each.type}
                                share={each.share}
                                insert={insert}
                                inside={<Below own={each} entries={entries.filter((other) => isIn(other, each))} insert={insert} />}
                            />
                        </li>
                    ))}
                </ul>
            ) : null}
        </>
    );
}

function Top({ own, insert }: { own: api.PathEntry; insert: Insert }) {
    return (
        <ul class="values">
            {own.top.map(({ value, share }) => (
                <li>
                    <button type="button" class="plain" title="Put it into the query as a filter" onClick={() => insert(`| where ${own.path} == ${literal(value)}`)}>
                        <span class="value">{textOf(value) === "" ? "(empty)" : textOf(value)}</span>
                        {share === null ? null : <Share share={share} />}
                    </button>
                </li>
            ))}
            {own.more ? <li class="soft">and others</li> : null}
        </ul>
    );
}
