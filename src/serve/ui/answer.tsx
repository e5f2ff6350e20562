// An answer: its rows as a grid, its picture, and what may be taken along.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { Grid } from "./grid";
import { Diagnostics, Failure, RowDetail } from "./parts";
import { say } from "./store";
import { copy, count, counted, milliseconds } from "./values";

/// Pictures that may be chosen by hand.
const PICTURES = ["columnchart", "barchart", "linechart", "timechart", "areachart", "stackedareachart", "scatterchart", "piechart", "card"];

interface Part {
    head: api.Head;
    grid: Grid;
}

export interface RunState {
    asked: api.Asked;
    parts: Part[];
    rows: number;
    took: number | null;
    error: unknown;
    running: boolean;
    stop: AbortController;
}

/// Something runs, or has run.
export class Run {
    state: RunState;
    private watcher: (() => void) | null = null;
    private told = 0;
    chosen: { columns: api.Column[]; row: api.Row; column: number } | null = null;
    shown: { shown: number; all: number } | null = null;

    constructor(
        asked: api.Asked,
        private readonly ended: (run: Run) => void = () => {},
    ) {
        this.state = { asked, parts: [], rows: 0, took: null, error: null, running: true, stop: new AbortController() };
        void this.go();
    }

    watch(watcher: (() => void) | null): void {
        this.watcher = watcher;
    }

    /// Tells whoever watches; while rows come in, some times a second.
    tell(now = true): void {
        const moment = performance.now();
        if (!now && moment - this.told < 100) return;
        this.told = moment;
        this.watcher?.();
    }

    cancel(): void {
        this.state.stop.abort();
    }

    private async go(): Promise<void> {
        const start = performance.now();
        const { state } = this;
        try {
            await api.run(
                state.asked,
                (head) => {
                    const number = state.parts.length + 1;
                    const grid = new Grid(head.columns, number === 1 ? "Answer" : `Answer ${number}`, {
                        say,
                        open: (row, column) => {
                            this.chosen = { columns: head.columns, row, column };
                            this.tell();
                        },
                        counts: (shown, all) => {
                            this.shown = shown === all ? null : { shown, all };
                            this.tell(false);
                        },
                    });
                    state.parts.push({ head, grid });
                    this.tell();
                },
                (rows) => {
                    state.rows += rows.length;
                    state.parts.at(-1)?.grid.add(rows);
                    this.tell(false);
                },
                state.stop.signal,
            );
        } catch (error) {
            state.error = state.stop.signal.aborted ? new Error("Cancelled.") : error;
        }
        state.running = false;
        state.took = performance.now() - start;
        for (const part of state.parts) part.grid.done();
        this.ended(this);
        this.tell();
    }
}

export function Answer({ run, name, height }: { run: Run; name: string; height?: string }) {
    const [, again] = useState(0);
    const [part, setPart] = useState(0);
    const [picture, setPicture] = useState<string | null>(null);
    const [filtering, setFiltering] = useState(false);
    const [find, setFind] = useState("");
    const [features, setFeatures] = useState<api.About["features"] | null>(null);
    useEffect(() => {
        run.watch(() => again((n) => n + 1));
        setPart(0);
        setPicture(null);
        setFiltering(false);
        setFind("");
        return () => run.watch(null);
    }, [run]);
    useEffect(() => void api.about().then((about) => setFeatures(about.features), () => {}), []);
    const { state } = run;
    const current = state.parts[part];
    const drawn = current?.head.chart && !state.running && part === state.parts.length - 1;
    // `render` says it is a picture; the table stays a click away.
    const shownPicture = picture ?? (drawn ? "" : "table");
    const warnings = state.parts.flatMap((each) => each.head.warnings ?? []);
    return (
        <section class="answer" aria-label="Answer" style={height ? { height } : undefined}>
            <div class="bar">
                <p class="summary" role="status" aria-live="polite">
                    {state.running ? `Running … ${state.rows > 0 ? counted(state.rows, "row") : ""}` : <Summary run={run} part={current?.head} />}
                </p>
                {state.running ? (
                    <button type="button" class="stop" onClick={() => run.cancel()}>
                        Cancel
                    </button>
                ) : null}
                {current && !state.running ? (
                    <div class="tools">
                        {state.parts.length > 1 ? (
                            <label>
                                Table{" "}
                                <select value={part} onChange={(event) => setPart(Number(event.currentTarget.value))}>
                                    {state.parts.map((each, at) => (
                                        <option value={at}>{`${at + 1} (${each.head.columns.length} columns)`}</option>
                                    ))}
                                </select>
                            </label>
                        ) : null}
                        <label>
                            Show{" "}
                            <select value={shownPicture} onChange={(event) => setPicture(event.currentTarget.value)}>
                                <option value="table">table</option>
                                {current.head.chart ? <option value="">{`as drawn (${current.head.chart.kind})`}</option> : null}
                                {PICTURES.map((kind) => (
                                    <option value={kind}>{kind}</option>
                                ))}
                            </select>
                        </label>
                        {shownPicture === "table" ? (
                            <>
                                <input
                                    type="search"
                                    class="find"
                                    placeholder="Find in rows"
                                    aria-label="Find in rows"
                                    value={find}
                                    onInput={(event) => {
                                        setFind(event.currentTarget.value);
                                        current.grid.find(event.currentTarget.value);
                                    }}
                                />
                                <button type="button" aria-pressed={filtering} onClick={() => setFiltering(current.grid.toggleFilters())}>
                                    Filter
                                </button>
                                <button type="button" onClick={() => void copyAll(current.grid)}>
                                    Copy
                                </button>
                            </>
                        ) : null}
                        <label>
                            <span class="hidden">Download as</span>
                            <select
                                value=""
                                class="download"
                                onChange={(event) => {
                                    const format = event.currentTarget.value as keyof typeof api.DOWNLOADS;
                                    event.currentTarget.value = "";
                                    void api.download(state.asked, format, name).then(
                                        () => say(`Downloaded ${name} as ${format}`),
                                        (error: unknown) => say(error instanceof Error ? error.message : String(error)),
                                    );
                                }}
                            >
                                <option value="" disabled hidden>
                                    Download
                                </option>
                                <option value="csv">CSV</option>
                                <option value="json">JSON</option>
                                {features?.xlsx === false ? null : <option value="xlsx">Excel (xlsx)</option>}
                                {features?.parquet === false ? null : <option value="parquet">Parquet</option>}
                                <option value="markdown">Markdown</option>
                            </select>
                        </label>
                    </div>
                ) : null}
            </div>
            {state.error ? <Failure error={state.error} /> : null}
            {warnings.length > 0 ? <Diagnostics all={warnings} /> : null}
            {current ? (
                <div class="with-detail">
                    {shownPicture === "table" ? <Shown grid={current.grid} /> : <Picture asked={state.asked} kind={shownPicture || null} />}
                    {run.chosen && shownPicture === "table" ? (
                        <RowDetail
                            {...run.chosen}
                            close={() => {
                                run.chosen = null;
                                again((n) => n + 1);
                                current.grid.element.querySelector<HTMLElement>("[role=grid]")?.focus();
                            }}
                        />
                    ) : null}
                </div>
            ) : null}
        </section>
    );
}

function Summary({ run, part }: { run: Run; part: api.Head | undefined }) {
    const { state } = run;
    if (!part) return <>{state.error ? "No answer" : "Nothing to show"}</>;
    const said: string[] = [];
    said.push(run.shown ? `${count(run.shown.shown)} of ${counted(run.shown.all, "row")}` : counted(state.rows, "row"));
    if (part.took_ms !== undefined) said.push(`answered in ${milliseconds(part.took_ms)}`);
    if (state.took !== null) said.push(`here after ${milliseconds(state.took)}`);
    if (part.rows_read) said.push(`${counted(part.rows_read, "row")} read`);
    return <>{said.join(" · ")}</>;
}

async function copyAll(grid: Grid): Promise<void> {
    say((await copy(grid.text())) ? "Copied all rows that are shown, as a spreadsheet takes them" : "The browser does not let this page copy");
}

function Shown({ grid }: { grid: Grid }) {
    const parent = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => parent.current!.replaceChildren(grid.element), [grid]);
    return <div class="grid-parent" ref={parent} />;
}

function Picture({ asked, kind }: { asked: api.Asked; kind: string | null }) {
    const parent = useRef<HTMLDivElement>(null);
    const [error, setError] = useState<unknown>(null);
    useEffect(() => {
        const stop = new AbortController();
        setError(null);
        parent.current!.replaceChildren();
        api.chart(asked, kind, stop.signal).then(
            (figure) => stop.signal.aborted || parent.current?.replaceChildren(figure),
            (error: unknown) => stop.signal.aborted || setError(error),
        );
        return () => stop.abort();
    }, [asked, kind]);
    return (
        <div class="picture" tabIndex={0} role="group" aria-label="Picture">
            <div ref={parent} />
            {error ? <Failure error={error} /> : null}
        </div>
    );
}
