// Queries: tabs with an editor each, and the answer beneath.

import { useEffect, useRef, useState } from "preact/hooks";
import * as api from "./api";
import { Answer, Run } from "./answer";
import { DataPanel } from "./data";
import { Editor } from "./editor";
import { Empty } from "./parts";
import { Kept, activeTab, changeTab, closeTab, database, openTab, past, place, remember, say, tabs } from "./store";
import { copy, counted, milliseconds, moment } from "./values";

/// Answers stay for as long as the page is open.
const runs = new Map<string, Run>();
const withData = new Kept<boolean>(innerWidth > 1100, "data");

export function Query() {
    const all = tabs.use();
    const active = activeTab.use();
    const panel = withData.use();
    const tab = all.find((each) => each.id === active) ?? all[0]!;
    const parent = useRef<HTMLDivElement>(null);
    const editor = useRef<Editor | null>(null);
    const [hint, setHint] = useState("");
    const [, again] = useState(0);
    const [showsPast, setShowsPast] = useState(false);
    const showing = useRef(tab.id);

    const start = (text: string) => {
        if (text.trim() === "") return say("There is nothing to run: type a query");
        const id = showing.current;
        runs.get(id)?.cancel();
        const asked = { database: database.get(), text };
        const begun = new Date().toISOString();
        runs.set(
            id,
            new Run(asked, ({ state }) => {
                if (!state.stop.signal.aborted) {
                    remember({ text, database: asked.database, at: begun, rows: state.error ? null : state.rows, took: state.took ?? 0 });
                }
                again((n) => n + 1);
            }),
        );
        again((n) => n + 1);
    };

    useEffect(() => {
        // A link to a query opens a tab of its own, once.
        const { told } = place();
        const text = told.get("text");
        if (text !== null) {
            const named = told.get("database");
            if (named) database.set(named);
            if (!tabs.get().some((each) => each.text === text)) openTab(text, told.get("name") ?? undefined);
            else activeTab.set(tabs.get().find((each) => each.text === text)!.id);
            history.replaceState(null, "", "#/query");
        }
        const made = (editor.current = new Editor(parent.current!, tabs.get().find((each) => each.id === activeTab.get())?.text ?? tab.text, {
            changed: (text) => changeTab(showing.current, { text }),
            run: () => start(made.statement()),
            all: () => start(made.text),
            format: () => void format(made),
            hint: setHint,
            database: () => database.get(),
        }));
        return () => made.view.destroy();
    }, []);

    useEffect(() => {
        showing.current = tab.id;
        setHint("");
        editor.current?.show(tab.text);
    }, [tab.id]);

    const run = runs.get(tab.id);
    return (
        <div class={panel ? "query with-data" : "query"}>
            {panel ? (
                <aside class="side" aria-label="Data">
                    <DataPanel insert={(text) => editor.current?.insert(text)} />
                </aside>
            ) : null}
            <div class="work">
                <h1 class="hidden">Query</h1>
                <TabBar />
                <div class="editor" ref={parent} />
                <p class="hint" aria-live="polite">
                    {hint || " "}
                </p>
                <div class="bar">
                    <button type="button" class="main" title="Shift+Enter: the query at the cursor" onClick={() => start(editor.current!.statement())}>
                        Run
                    </button>
                    <button type="button" disabled={!run?.state.running} onClick={() => run?.cancel()}>
                        Cancel
                    </button>
                    <button type="button" title="Shift+Alt+F" onClick={() => void format(editor.current!)}>
                        Format
                    </button>
                    <button type="button" aria-expanded={showsPast} onClick={() => setShowsPast(!showsPast)}>
                        History
                    </button>
                    <button type="button" onClick={() => void link(editor.current!.text, tab.name)}>
                        Copy link
                    </button>
                    <button type="button" aria-pressed={panel} onClick={() => withData.set(!panel)}>
                        Data
                    </button>
                </div>
                {showsPast ? <PastList close={() => setShowsPast(false)} /> : null}
                {run ? <Answer run={run} name={tab.name.toLowerCase().replace(/[^\w-]+/g, "-")} /> : <Empty>Shift+Enter runs the query at the cursor.</Empty>}
            </div>
        </div>
    );
}

async function format(editor: Editor): Promise<void> {
    try {
        editor.replace(await api.format(editor.text));
    } catch (error) {
        say(error instanceof Error ? error.message : String(error));
    }
}

async function link(text: string, name: string): Promise<void> {
    const told = new URLSearchParams({ text, name, database: database.get() });
    const address = `${location.origin}/#/query?${told}`;
    say((await copy(address)) ? "The link is copied" : address);
}

function TabBar() {
    const all = tabs.use();
    const active = activeTab.use();
    const [renaming, setRenaming] = useState<string | null>(null);
    const list = useRef<HTMLDivElement>(null);
    const move = (event: KeyboardEvent, at: number) => {
        const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        const next = all[at + step];
        if (step !== 0 && next) {
            event.preventDefault();
            activeTab.set(next.id);
            setTimeout(() => list.current?.querySelector<HTMLElement>("[aria-selected=true]")?.focus());
        } else if (event.key === "F2") {
            setRenaming(all[at]!.id);
        } else if (event.key === "Delete") {
            closeTab(all[at]!.id);
        }
    };
    return (
        <div class="tabs">
            <div role="tablist" aria-label="Queries" ref={list}>
                {all.map((tab, at) =>
                    renaming === tab.id ? (
                        <input
                            class="rename"
                            aria-label="Name of the tab"
                            value={tab.name}
                            ref={(input) => input?.focus()}
                            onBlur={(event) => {
                                changeTab(tab.id, { name: event.currentTarget.value.trim() || tab.name });
                                setRenaming(null);
                            }}
                            onKeyDown={(event) => {
                                if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
                            }}
                        />
                    ) : (
                        <button
                            type="button"
                            role="tab"
                            aria-selected={tab.id === active}
                            tabIndex={tab.id === active ? 0 : -1}
                            title="F2 or a double click renames, Delete closes"
                            onClick={() => activeTab.set(tab.id)}
                            onDblClick={() => setRenaming(tab.id)}
                            onKeyDown={(event) => move(event, at)}
                        >
                            {tab.name}
                        </button>
                    ),
                )}
            </div>
            <button type="button" class="quiet" aria-label="New tab" title="New tab" onClick={() => openTab("")}>
                +
            </button>
            <button type="button" class="quiet" aria-label="Close this tab" title="Close this tab" onClick={() => closeTab(active)}>
                ×
            </button>
        </div>
    );
}

function PastList({ close }: { close: () => void }) {
    const all = past.use();
    return (
        <div class="past" role="region" aria-label="History">
            <div class="bar">
                <h2>History</h2>
                <button type="button" onClick={() => past.set([])} disabled={all.length === 0}>
                    Forget
                </button>
                <button type="button" onClick={close}>
                    Close
                </button>
            </div>
            {all.length === 0 ? <Empty>What you run is listed here, in this browser only.</Empty> : null}
            <ul>
                {all.map((entry) => (
                    <li>
                        <button
                            type="button"
                            class="plain"
                            onClick={() => {
                                openTab(entry.text);
                                close();
                            }}
                        >
                            <code>{entry.text.trim().slice(0, 300)}</code>
                            <span class="soft">
                                {`${moment(entry.at.replace(/\.\d+Z$/, "Z"))} · ${entry.database} · ${entry.rows === null ? "refused" : counted(entry.rows, "row")} · ${milliseconds(entry.took)}`}
                            </span>
                        </button>
                    </li>
                ))}
            </ul>
        </div>
    );
}
