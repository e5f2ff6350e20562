// Two snapshots side by side: how exemptions and the score stand in each, and what became of what.

import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { listOf, scoresOf } from "./exemptions";
import { Awaited, Empty, Rows, useAnswer } from "./parts";
import { count, textOf } from "./values";

const STATES = ["active", "expiring", "expired", "orphaned"];
const DAYS = 30;

export function Compare() {
    const about = useAnswer(() => api.about(), []);
    return (
        <div class="page">
            <h1>Compare</h1>
            <Awaited asking={about} what="databases">
                {({ databases }) =>
                    databases.length < 2 ? (
                        <Empty>
                            There is one export here. Load another beside it with <code>--snapshot NAME=PATH</code>.
                        </Empty>
                    ) : (
                        <Two names={databases.map((each) => each.name)} />
                    )
                }
            </Awaited>
        </div>
    );
}

function Two({ names }: { names: string[] }) {
    const [old, setOld] = useState(names[1]!);
    const [recent, setRecent] = useState(names[0]!);
    const choice = (label: string, value: string, set: (name: string) => void) => (
        <label>
            {`${label} `}
            <select value={value} onChange={(event) => set(event.currentTarget.value)}>
                {names.map((name) => (
                    <option value={name}>{name}</option>
                ))}
            </select>
        </label>
    );
    return (
        <>
            <div class="bar">
                {choice("Older", old, setOld)}
                {choice("Newer", recent, setRecent)}
            </div>
            <div class="side-by-side">
                <Standing name={old} title="Older" />
                <Standing name={recent} title="Newer" />
            </div>
            {old === recent ? <Empty>Choose two different ones.</Empty> : <Changes old={old} recent={recent} />}
        </>
    );
}

function Standing({ name, title }: { name: string; title: string }) {
    const list = useAnswer((signal) => listOf(name, DAYS, signal), [name]);
    const scores = useAnswer((signal) => scoresOf(name, DAYS, signal), [name]);
    return (
        <section class="panel" aria-label={`${title}: ${name}`}>
            <h2>{`${title}: ${name}`}</h2>
            <div class="tiles">
                <Awaited asking={list} what="exemptions">
                    {(table) => {
                        const status = table.columns.findIndex((column) => column.name === "status");
                        return (
                            <>
                                {STATES.map((state) => (
                                    <p class={`tile ${state}`}>
                                        <span class="amount">{count(table.rows.filter((row) => row[status] === state).length)}</span>
                                        <span class="what">{state}</span>
                                    </p>
                                ))}
                            </>
                        );
                    }}
                </Awaited>
                <Awaited asking={scores} what="the score">
                    {(all) => {
                        const current = all.find((each) => each["subscription"] === "(all)")?.["current"];
                        return (
                            <p class="tile plain">
                                <span class="amount">{typeof current === "number" ? `${current.toFixed(1)} %` : "–"}</span>
                                <span class="what">secure score</span>
                            </p>
                        );
                    }}
                </Awaited>
            </div>
        </section>
    );
}

function Changes({ old, recent }: { old: string; recent: string }) {
    const found = useAnswer((signal) => api.diff(old, recent, signal), [old, recent]);
    const [kind, setKind] = useState<string | null>(null);
    useEffect(() => setKind(null), [old, recent]);
    return (
        <Awaited asking={found} what="what changed">
            {(tables) => (
                <>
                    {tables.map((table, number) => {
                        const change = table.columns.findIndex((column) => column.name === "change");
                        const kinds = change < 0 ? [] : [...new Set(table.rows.map((row) => textOf(row[change])))];
                        const rows = kind === null || change < 0 ? table.rows : table.rows.filter((row) => textOf(row[change]) === kind);
                        return (
                            <section aria-label={`Changes ${number + 1}`}>
                                <div class="bar">
                                    <h2>What changed</h2>
                                    {kinds.map((each) => (
                                        <button type="button" aria-pressed={kind === each} onClick={() => setKind(kind === each ? null : each)}>
                                            {`${each} ${count(table.rows.filter((row) => textOf(row[change]) === each).length)}`}
                                        </button>
                                    ))}
                                </div>
                                {table.rows.length === 0 ? <Empty>Nothing.</Empty> : <Rows columns={table.columns} rows={rows} label="Changes" />}
                            </section>
                        );
                    })}
                </>
            )}
        </Awaited>
    );
}

