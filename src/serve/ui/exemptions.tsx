// Exemptions: how they stand, what they do to the score, when they end; and one of them with all that hangs on it.

import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import * as api from "./api";
import { type Asking, Awaited, Empty, Id, Rows, Tree, useAnswer } from "./parts";
import { Kept, database, go, usePlace } from "./store";
import { count, counted, moment, textOf } from "./values";

type Fields = Record<string, api.Cell>;

const STATES = ["active", "expiring", "expired", "orphaned"] as const;
const DAYS = [7, 14, 30, 60, 90];
/// Within so many days an exemption is said to be expiring.
const within = new Kept<number>(30, "within");
/// Subscriptions that are shown at first.
const FIRST = 15;

const text = (record: Fields | undefined, name: string) => textOf(record?.[name]);
const number = (record: Fields | undefined, name: string) => {
    const value = record?.[name];
    return typeof value === "number" ? value : null;
};
const percent = (value: number | null) => (value === null ? "–" : `${value.toFixed(1)} %`);
const ask = (inDatabase: string, question: string, parameters: Record<string, api.Cell>): api.Asked => ({ database: inDatabase, question, parameters });

export const listOf = (inDatabase: string, days: number, signal?: AbortSignal) => api.answer(ask(inDatabase, "exemptions-list", { days }), signal).then((found) => found.at(-1)!);
export const scoresOf = (inDatabase: string, days: number, signal?: AbortSignal) => api.records(ask(inDatabase, "secure-score-what-if", { days }), signal);

/// What a filter lets through, and how it is said.
interface Filter {
    title: string;
    passes: (record: Fields) => boolean;
}

export function Exemptions() {
    const inDatabase = database.use();
    const days = within.use();
    const list = useAnswer((signal) => listOf(inDatabase, days, signal), [inDatabase, days]);
    const scores = useAnswer((signal) => scoresOf(inDatabase, days, signal), [inDatabase, days]);
    return (
        <div class="page">
            <div class="bar">
                <h1>Exemptions</h1>
                <label>
                    Expiring within{" "}
                    <select value={days} onChange={(event) => within.set(Number(event.currentTarget.value))}>
                        {DAYS.map((each) => (
                            <option value={each}>{`${each} days`}</option>
                        ))}
                    </select>
                </label>
            </div>
            <Awaited asking={list} what="exemptions">
                {(table) => <All table={table} scores={scores} days={days} />}
            </Awaited>
        </div>
    );
}

function All({ table, scores, days }: { table: api.Table; scores: Asking<Fields[]>; days: number }) {
    const [filter, setFilter] = useState<Filter | null>(null);
    const records = useMemo(() => api.ofTable(table), [table]);
    const rows = useMemo(() => (filter ? table.rows.filter((_, at) => filter.passes(records[at]!)) : table.rows), [table, filter]);
    const choose = (title: string, passes: Filter["passes"]) => setFilter(filter?.title === title ? null : { title, passes });
    const chosen = (title: string) => filter?.title === title;
    return (
        <>
            <div class="tiles">
                {STATES.map((state) => {
                    const title = state === "expiring" ? `expiring within ${days} days` : state;
                    return (
                        <button type="button" class={`tile ${state}`} aria-pressed={chosen(title)} onClick={() => choose(title, (record) => record["status"] === state)}>
                            <span class="amount">{count(records.filter((record) => record["status"] === state).length)}</span>
                            <span class="what">{title}</span>
                        </button>
                    );
                })}
                <Scores scores={scores} days={days} />
            </div>
            <div class="panels">
                <Panel title="When they end" name="ending">
                    <Ends records={records} chosen={chosen} choose={choose} />
                </Panel>
                <Panel title="Category and state">
                    <Kinds records={records} column="category" chosen={chosen} choose={choose} />
                </Panel>
                <Panel title="Level of their scope">
                    <Kinds records={records} column="scopeLevel" chosen={chosen} choose={choose} />
                </Panel>
                <Panel title="Score by subscription" name="wide">
                    <Awaited asking={scores} what="the score">
                        {(all) => <Subscriptions all={all} days={days} />}
                    </Awaited>
                </Panel>
            </div>
            <div class="bar">
                <h2>
                    <span role="status">{filter ? `${counted(rows.length, "exemption")}: ${filter.title}` : `All ${counted(rows.length, "exemption")}`}</span>
                </h2>
                {filter ? (
                    <button type="button" onClick={() => setFilter(null)}>
                        Show all
                    </button>
                ) : null}
                <p class="soft">Enter or a double click opens one.</p>
            </div>
            <Rows columns={table.columns} rows={rows} label="Exemptions" open={(row) => go("exemptions", idOf(table.columns, row))} />
        </>
    );
}

function idOf(columns: api.Column[], row: api.Row): string {
    const value = (name: string) => textOf(row[columns.findIndex((column) => column.name === name)]);
    return `${value("scope")}/providers/microsoft.authorization/policyexemptions/${value("exemption").toLowerCase()}`;
}

function Panel({ title, name = "", children }: { title: string; name?: string; children: ComponentChildren }) {
    return (
        <section class={`panel ${name}`} aria-label={title}>
            <h2>{title}</h2>
            {children}
        </section>
    );
}

function Scores({ scores, days }: { scores: Asking<Fields[]>; days: number }) {
    if (scores.state === "waiting") return <p class="tile waiting">Reading the score …</p>;
    if (scores.state === "failed") return <p class="tile plain soft">No score: the reason stands below.</p>;
    const whole = scores.value.find((each) => each["subscription"] === "(all)");
    const current = number(whole, "current");
    const tiles: [string, number | null][] = [
        ["secure score now", current],
        ["without exemptions", number(whole, "withoutExemptions")],
        [`once those end that are expiring`, number(whole, "withoutExpiring")],
    ];
    return (
        <>
            {tiles.map(([what, value], at) => (
                <p class="tile plain" title={at === 2 ? `within ${days} days` : undefined}>
                    <span class="amount">{percent(value)}</span>
                    <span class="what">{what}</span>
                    {at > 0 && value !== null && current !== null ? <Change change={value - current} /> : null}
                </p>
            ))}
        </>
    );
}

function Change({ change }: { change: number }) {
    const said = Math.abs(change) < 0.005 ? "no change" : `${change > 0 ? "▲ +" : "▼ −"}${Math.abs(change).toFixed(1)}`;
    return <span class={change < -0.005 ? "change worse" : change > 0.005 ? "change better" : "change"}>{said}</span>;
}

type Choose = (title: string, passes: Filter["passes"]) => void;

/// Ends by month, a column for each. What ends long before and after that, or never, would dwarf all others and is beneath.
function Ends({ records, chosen, choose }: { records: Fields[]; chosen: (title: string) => boolean; choose: Choose }) {
    const now = new Date();
    const monthOf = (step: number) => {
        const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + step, 1));
        return month.toISOString().slice(0, 7);
    };
    const months = Array.from({ length: 18 }, (_, at) => monthOf(at - 3));
    const [first, last] = [months[0]!, months.at(-1)!];
    const place = (record: Fields): string => {
        const end = text(record, "expiresOn").slice(0, 7);
        return end === "" ? "never" : end < first ? "before" : end > last ? "later" : end;
    };
    const groups = months.map((name) => {
        const all = records.filter((record) => place(record) === name);
        return { name, all, waived: all.filter((record) => text(record, "category").toLowerCase() === "waiver").length };
    });
    const others: [string, string][] = [
        ["before", `ended before ${first}`],
        ["later", `ending after ${last}`],
        ["never", "without an end"],
    ];
    const most = Math.max(1, ...groups.map((group) => group.all.length));
    const present = monthOf(0);
    return (
        <>
            <div class="ends">
                {groups.map(({ name, all, waived }) => {
                    const title = `ending in ${name}`;
                    return (
                        <button
                            type="button"
                            disabled={all.length === 0}
                            class={name === present ? "end present" : "end"}
                            aria-pressed={chosen(title)}
                            title={`${counted(all.length, "exemption")} ${title}`}
                            onClick={() => choose(title, (record) => place(record) === name)}
                        >
                            <span class="number">{all.length > 0 ? count(all.length) : ""}</span>
                            <span class="column" style={{ height: `${(all.length / most) * 100}%` }}>
                                <span class="waiver" style={{ flexGrow: waived }} />
                                <span class="mitigated" style={{ flexGrow: all.length - waived }} />
                            </span>
                            <span class="label">
                                {name.endsWith("-01") ? `’${name.slice(2, 4)}` : name.slice(5)}
                                <span class="hidden">{`: ${counted(all.length, "exemption")} ${title}, ${counted(waived, "waiver")}`}</span>
                            </span>
                        </button>
                    );
                })}
            </div>
            <div class="bar">
                <p class="legend-line">
                    <span>
                        <i class="waiver" /> waiver
                    </span>
                    <span>
                        <i class="mitigated" /> mitigated
                    </span>
                </p>
                {others.map(([name, title]) => (
                    <button type="button" aria-pressed={chosen(title)} onClick={() => choose(title, (record) => place(record) === name)}>
                        {`${count(records.filter((record) => place(record) === name).length)} ${title}`}
                    </button>
                ))}
            </div>
        </>
    );
}

function Kinds({ records, column, chosen, choose }: { records: Fields[]; column: string; chosen: (title: string) => boolean; choose: Choose }) {
    const names = [...new Set(records.map((record) => text(record, column)))].sort();
    const groups = names.map((name) => ({ name, all: records.filter((record) => text(record, column) === name) }));
    const most = Math.max(1, ...groups.map((group) => group.all.length));
    if (records.length === 0) return <Empty>There are no exemptions.</Empty>;
    return (
        <div class="kinds">
            {groups.map(({ name, all }) => (
                <div class="kind">
                    <span class="name">{name || "(none)"}</span>
                    <span class="stack" style={{ width: `${(all.length / most) * 100}%` }}>
                        {STATES.map((state) => {
                            const some = all.filter((record) => record["status"] === state).length;
                            const title = `${name || "(none)"}, ${state}`;
                            return some === 0 ? null : (
                                <button
                                    type="button"
                                    class={`part ${state}`}
                                    style={{ flexGrow: some }}
                                    aria-pressed={chosen(title)}
                                    aria-label={`${counted(some, "exemption")}: ${title}`}
                                    title={`${count(some)} ${state}`}
                                    onClick={() => choose(title, (record) => text(record, column) === name && record["status"] === state)}
                                >
                                    {count(some)}
                                </button>
                            );
                        })}
                    </span>
                </div>
            ))}
            <p class="legend-line">
                {STATES.map((state) => (
                    <span>
                        <i class={state} /> {state}
                    </span>
                ))}
            </p>
        </div>
    );
}

function Subscriptions({ all, days }: { all: Fields[]; days: number }) {
    const [whole, setWhole] = useState(false);
    const some = all.filter((each) => each["subscription"] !== "(all)").sort((a, b) => (number(a, "current") ?? 101) - (number(b, "current") ?? 101));
    if (some.length === 0) return <Empty>No subscription has a score.</Empty>;
    const shown = whole ? some : some.slice(0, FIRST);
    return (
        <>
            <div class="table-scroll" tabIndex={0} role="group" aria-label="Score by subscription">
                <table>
                    <thead>
                        <tr>
                            <th scope="col">Subscription</th>
                            <th scope="col" class="n">
                                Now
                            </th>
                            <th scope="col">
                                <span class="hidden">Now, as a bar; the line is without exemptions</span>
                            </th>
                            <th scope="col" class="n">
                                Without exemptions
                            </th>
                            <th scope="col" class="n" title={`once the exemptions are gone that end within ${days} days`}>
                                Once the next end
                            </th>
                            <th scope="col" class="n">
                                Exempt resources
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        {shown.map((each) => {
                            const [current, without] = [number(each, "current"), number(each, "withoutExemptions")];
                            return (
                                <tr>
                                    <th scope="row" title={text(each, "subscriptionId")}>
                                        {text(each, "subscription")}
                                    </th>
                                    <td class="n">{percent(current)}</td>
                                    <td class="score-bar" aria-hidden="true">
                                        <span class="track">
                                            <span style={{ width: `${current ?? 0}%` }} />
                                            {without === null ? null : <i style={{ left: `${without}%` }} />}
                                        </span>
                                    </td>
                                    <td class="n">{percent(without)}</td>
                                    <td class="n">{percent(number(each, "withoutExpiring"))}</td>
                                    <td class="n">{count(number(each, "exempted") ?? 0)}</td>
                                </tr>
                            );
                        })}
                    </tbody>
                </table>
            </div>
            {some.length > FIRST ? (
                <button type="button" class="quiet" aria-expanded={whole} onClick={() => setWhole(!whole)}>
                    {whole ? `Only the lowest ${FIRST}` : `All ${count(some.length)} subscriptions`}
                </button>
            ) : null}
        </>
    );
}

/// One exemption.
export function Exemption() {
    const inDatabase = database.use();
    const days = within.use();
    const id = usePlace().path[1] ?? "";
    const details = useAnswer((signal) => api.records(ask(inDatabase, "exemption-details", { exemption_id: id, days }), signal), [inDatabase, id, days]);
    return (
        <div class="page">
            <div class="bar">
                <button type="button" class="back" onClick={() => go("exemptions")}>
                    All exemptions
                </button>
            </div>
            <Awaited asking={details} what="the exemption">
                {([record]) => (record ? <One key={`${inDatabase} ${id}`} record={record} id={id} inDatabase={inDatabase} /> : <Empty>{`There is no such exemption in ${inDatabase}: ${id}`}</Empty>)}
            </Awaited>
        </div>
    );
}

function One({ record, id, inDatabase }: { record: Fields; id: string; inDatabase: string }) {
    const left = number(record, "daysLeft");
    const end = text(record, "expiresOn");
    const tags = ["metadata", "selectors", "references"].filter((name) => {
        const value = record[name];
        return value !== null && value !== undefined && textOf(value) !== "[]";
    });
    return (
        <>
            <h1>
                {text(record, "displayName") || text(record, "exemption")} <span class={`badge ${text(record, "status")}`}>{text(record, "status")}</span>
                <span class="badge">{text(record, "category")}</span>
            </h1>
            {text(record, "description") ? <p>{text(record, "description")}</p> : null}
            <dl class="facts">
                <Fact name="Name">{text(record, "exemption")}</Fact>
                <Fact name="Ends">{end === "" ? "never" : `${moment(end)}${left === null ? "" : left < 0 ? `, ${counted(-left, "day")} ago` : `, in ${counted(left, "day")}`}`}</Fact>
                <Fact name={`Scope (${text(record, "scopeLevel")})`}>
                    <Id id={text(record, "scope")} />
                </Fact>
                <Fact name="Assignment">
                    {text(record, "assignment")}
                    <br />
                    <Id id={text(record, "assignmentId")} />
                </Fact>
                <Fact name="Assigned at">
                    <Id id={text(record, "assignmentScope") || "not in this export"} />
                </Fact>
                <Fact name="Initiative or policy">
                    {text(record, "initiative") || "not in this export"}
                    {text(record, "initiativeId") && text(record, "initiativeId") !== text(record, "initiative") ? (
                        <>
                            <br />
                            <Id id={text(record, "initiativeId")} />
                        </>
                    ) : null}
                </Fact>
                <Fact name="Takes out">{`${record["wholeAssignment"] === true ? "the whole assignment: " : ""}${counted(number(record, "policies") ?? 0, "policy", "policies")}`}</Fact>
                <Fact name="Created">{[moment(text(record, "createdAt")), text(record, "createdBy")].filter(Boolean).join(" by ") || "the export does not say"}</Fact>
                <Fact name="Id">
                    <Id id={text(record, "id")} />
                </Fact>
                {tags.map((name) => (
                    <Fact name={name[0]!.toUpperCase() + name.slice(1)}>
                        <Tree value={record[name] ?? null} open />
                    </Fact>
                ))}
            </dl>
            <Removal id={id} inDatabase={inDatabase} />
            <Answered title="Recommendations and resources it takes out" question="exemption-effect" id={id} inDatabase={inDatabase} none="It takes out nothing now." hide={["exemption", "exemptionId"]} />
            <Trouble record={record} inDatabase={inDatabase} />
            <Answered title="Policies" question="exemption-policies" id={id} inDatabase={inDatabase} none="No policy of it is known." hide={["exemption", "id"]} />
        </>
    );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
    return (
        <div>
            <dt>{name}</dt>
            <dd>{children}</dd>
        </div>
    );
}

function without(table: api.Table, hide: string[]): api.Table {
    const kept = table.columns.flatMap((column, at) => (hide.includes(column.name) ? [] : [at]));
    return { columns: kept.map((at) => table.columns[at]!), rows: table.rows.map((row) => kept.map((at) => row[at] ?? null)) };
}

function Answered({ title, question, id, inDatabase, none, hide }: { title: string; question: string; id: string; inDatabase: string; none: string; hide: string[] }) {
    const found = useAnswer(
        async (signal) => without((await api.answer(ask(inDatabase, question, { exemption_id: id }), signal)).at(-1)!, hide),
        [id, inDatabase],
    );
    return (
        <section class="part-of" aria-label={title}>
            <h2>
                {title} {found.state === "here" ? <span class="soft">{count(found.value.rows.length)}</span> : null}
            </h2>
            <Awaited asking={found} what={title.toLowerCase()}>
                {(table) => (table.rows.length === 0 ? <Empty>{none}</Empty> : <Rows columns={table.columns} rows={table.rows} label={title} />)}
            </Awaited>
        </section>
    );
}

function Removal({ id, inDatabase }: { id: string; inDatabase: string }) {
    const found = useAnswer((signal) => api.records(ask(inDatabase, "exemption-removal", { exemption_id: id }), signal), [id, inDatabase]);
    return (
        <section class="part-of" aria-label="If it were removed">
            <h2>If it were removed</h2>
            <Awaited asking={found} what="the score without it">
                {(all) => {
                    const whole = all.find((each) => each["subscription"] === "(all)");
                    const touched = all.filter((each) => each !== whole && ((number(each, "change") ?? 0) !== 0 || (number(each, "becomeUnhealthy") ?? 0) !== 0));
                    return (
                        <>
                            <div class="tiles">
                                <p class="tile plain">
                                    <span class="amount">{percent(number(whole, "current"))}</span>
                                    <span class="what">secure score now</span>
                                </p>
                                <p class="tile plain">
                                    <span class="amount">{percent(number(whole, "removed"))}</span>
                                    <span class="what">without it</span>
                                    <Change change={number(whole, "change") ?? 0} />
                                </p>
                                <p class="tile plain">
                                    <span class="amount">{count(number(whole, "becomeUnhealthy") ?? 0)}</span>
                                    <span class="what">resources become unhealthy, once per control</span>
                                </p>
                            </div>
                            {touched.length > 0 ? (
                                <p>
                                    {"By subscription: "}
                                    {touched.map((each, at) => (
                                        <>
                                            {at > 0 ? ", " : ""}
                                            <b>{text(each, "subscription")}</b>
                                            {` ${percent(number(each, "current"))} → ${percent(number(each, "removed"))}`}
                                        </>
                                    ))}
                                </p>
                            ) : (
                                <p class="soft">No subscription's score would change.</p>
                            )}
                        </>
                    );
                }}
            </Awaited>
        </section>
    );
}

/// Questions about what is wrong with exemptions, and how a row of their answers names one.
const TROUBLES: { question: string; title: string; meant: (row: Fields, of: Fields) => boolean }[] = [
    { question: "duplicates-exact", title: "The same as others", meant: (row, of) => sameScope(row, of) && sameAssignment(row, of) && has(row["names"], of) },
    { question: "duplicates-nested", title: "Not needed beside one above", meant: (row, of) => sameScope(row, of) && row["exemption"] === of["exemption"] },
    { question: "duplicates-nested", title: "Makes others below it needless", meant: (row, of) => row["coveringScope"] === of["scope"] && row["coveredBy"] === of["exemption"] },
    {
        question: "conflicting-category",
        title: "Contradicts in category",
        meant: (row, of) =>
            sameAssignment(row, of) &&
            ((sameScope(row, of) && row["exemption"] === of["exemption"]) || (row["otherScope"] === of["scope"] && row["other"] === of["exemption"])),
    },
    { question: "conflicting-expiry", title: "Ends at another time than others", meant: (row, of) => sameScope(row, of) && sameAssignment(row, of) && has(row["names"], of) },
    { question: "orphaned-reference", title: "Names a policy that is gone", meant: (row, of) => row["id"] === of["id"] },
    { question: "orphaned-scope", title: "Its scope is gone", meant: (row, of) => row["id"] === of["id"] && row["verdict"] === "gone" },
];

const sameScope = (row: Fields, of: Fields) => row["scope"] === of["scope"];
const sameAssignment = (row: Fields, of: Fields) => row["assignmentId"] === of["assignmentId"];
const has = (names: api.Cell | undefined, of: Fields) => Array.isArray(names) && names.includes(of["exemption"] ?? null);

function Trouble({ record, inDatabase }: { record: Fields; inDatabase: string }) {
    const found = useAnswer(
        async (signal) => {
            const asked = new Map<string, Promise<api.Table | null>>();
            for (const { question } of TROUBLES) {
                // A question that lacks data here has nothing to say.
                if (!asked.has(question)) asked.set(question, api.answer(ask(inDatabase, question, {}), signal).then((all) => all.at(-1) ?? null, () => null));
            }
            const all = await Promise.all(
                TROUBLES.map(async ({ question, title, meant }) => {
                    const table = await asked.get(question)!;
                    const rows = table ? table.rows.filter((_, at) => meant(api.ofTable({ columns: table.columns, rows: [table.rows[at]!] })[0]!, record)) : [];
                    return { title, question, unknown: table === null, table: table ? { columns: table.columns, rows } : null };
                }),
            );
            return all;
        },
        [record, inDatabase],
    );
    return (
        <section class="part-of" aria-label="Conflicts and duplicates">
            <h2>Conflicts and duplicates</h2>
            <Awaited asking={found} what="conflicts">
                {(all) => {
                    const some = all.filter(({ table }) => table && table.rows.length > 0);
                    const unknown = [...new Set(all.filter((each) => each.unknown).map((each) => each.question))];
                    return (
                        <>
                            {some.length === 0 ? <Empty>None that this export shows.</Empty> : null}
                            {some.map(({ title, question, table }) => (
                                <>
                                    <h3>
                                        {title} <a href={`#/questions/${question}`}>{question}</a>
                                    </h3>
                                    <Rows columns={table!.columns} rows={table!.rows} label={title} />
                                </>
                            ))}
                            {unknown.length > 0 ? <p class="soft">{`For want of data not answered: ${unknown.join(", ")}.`}</p> : null}
                        </>
                    );
                }}
            </Awaited>
        </section>
    );
}
