// What the browser keeps: tabs, what was asked before, choices.

import { useEffect, useState } from "preact/hooks";

/// A value that pieces of the page watch, and that is still there after a reload if it has a name.
export class Kept<T> {
    private value: T;
    private readonly watchers = new Set<() => void>();

    constructor(
        start: T,
        private readonly name?: string,
    ) {
        this.value = start;
        if (!name) return;
        try {
            const kept = localStorage.getItem(`argql.${name}`);
            if (kept !== null) this.value = JSON.parse(kept) as T;
        } catch {
            // What cannot be read is as if it were not there.
        }
    }

    get(): T {
        return this.value;
    }

    set(value: T): void {
        this.value = value;
        try {
            if (this.name) localStorage.setItem(`argql.${this.name}`, JSON.stringify(value));
        } catch {
            // A full or forbidden store: the page works without.
        }
        for (const watcher of [...this.watchers]) watcher();
    }

    use(): T {
        const [, again] = useState(0);
        useEffect(() => {
            const watcher = () => again((n) => n + 1);
            this.watchers.add(watcher);
            return () => void this.watchers.delete(watcher);
        }, []);
        return this.value;
    }
}

export interface Tab {
    id: string;
    name: string;
    text: string;
}

export interface Past {
    text: string;
    database: string;
    at: string;
    rows: number | null;
    took: number;
}

const EXAMPLE = `// Shift+Enter runs the query at the cursor; an empty line parts queries.
securityresources
| where type =~ 'microsoft.security/assessments'
| summarize assessments = count() by status = tostring(properties.status.code), severity = tostring(properties.metadata.severity)
| sort by assessments desc
`;

const newId = () => Math.random().toString(36).slice(2, 10);

export const tabs = new Kept<Tab[]>([{ id: "first", name: "Query 1", text: EXAMPLE }], "tabs");
export const activeTab = new Kept<string>(tabs.get()[0]?.id ?? "first", "tab");
export const past = new Kept<Past[]>([], "past");
export const database = new Kept<string>("arg", "database");
export const theme = new Kept<"auto" | "light" | "dark">("auto", "theme");
/// Said once, at the bottom of the page.
export const notice = new Kept<string>("");

export function openTab(text: string, name?: string): void {
    const id = newId();
    const numbers = tabs.get().map((tab) => Number(/^Query (\d+)$/.exec(tab.name)?.[1] ?? 0));
    tabs.set([...tabs.get(), { id, name: name ?? `Query ${Math.max(0, ...numbers) + 1}`, text }]);
    activeTab.set(id);
}

export function closeTab(id: string): void {
    const all = tabs.get();
    const at = all.findIndex((tab) => tab.id === id);
    const rest = all.filter((tab) => tab.id !== id);
    tabs.set(rest);
    if (rest.length === 0) openTab("");
    else if (activeTab.get() === id) activeTab.set(rest[Math.min(at, rest.length - 1)]!.id);
}

export function changeTab(id: string, change: Partial<Tab>): void {
    tabs.set(tabs.get().map((tab) => (tab.id === id ? { ...tab, ...change } : tab)));
}

export function remember(entry: Past): void {
    const others = past.get().filter((old) => old.text !== entry.text || old.database !== entry.database);
    past.set([entry, ...others].slice(0, 100));
}

/// Where in the page we are: behind the `#` a path, and what it is told.
export interface Place {
    path: string[];
    told: URLSearchParams;
}

export function place(): Place {
    const [path = "", told = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
    return { path: path.split("/").filter(Boolean).map(decodeURIComponent), told: new URLSearchParams(told) };
}

export function go(...path: string[]): void {
    location.hash = `/${path.map(encodeURIComponent).join("/")}`;
}

export function usePlace(): Place {
    const [now, set] = useState(place);
    useEffect(() => {
        const changed = () => set(place());
        addEventListener("hashchange", changed);
        return () => removeEventListener("hashchange", changed);
    }, []);
    return now;
}

let clearing: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
    notice.set(text);
    clearTimeout(clearing);
    clearing = setTimeout(() => notice.set(""), 5000);
}
