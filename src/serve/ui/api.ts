// The interface of the server: nothing else is asked from here.

export type Cell = null | boolean | number | string | Cell[] | { [key: string]: Cell };
export type Row = Cell[];

export interface Column {
    name: string;
    type: string;
}

export interface Diagnostic {
    code: string;
    title?: string;
    severity: "error" | "warning";
    message: string;
    label?: string | null;
    help?: string | null;
    start?: number | null;
    end?: number | null;
    line?: number | null;
    column?: number | null;
    file?: string | null;
}

export interface About {
    version: string;
    loaded: string;
    number: number;
    databases: { name: string; taken?: string | null; tables: string[] }[];
    features: { ui: boolean; xlsx: boolean; parquet: boolean };
}

export interface TableAbout {
    name: string;
    rows: number | null;
    known: boolean;
    about: string | null;
    columns: Column[];
}

export interface PathEntry {
    path: string;
    name: string;
    type: string | null;
    count: number;
    /// From 0 to 1; null where there are no rows.
    share: number | null;
    top: { value: Cell; count: number; share: number | null }[];
    /// Whether there are other values.
    more: boolean;
}

export interface Paths {
    rows: number;
    sampled: boolean;
    entries: PathEntry[];
}

export interface Completion {
    text: string;
    name: string;
    kind: string;
    detail?: string | null;
    about?: string | null;
}

export interface Completions {
    start: number;
    end: number;
    items: Completion[];
    hint?: string | null;
}

export interface NameAbout {
    name: string;
    kind: string;
    signature?: string | null;
    about?: string | null;
}

export interface Parameter {
    name: string;
    type: string;
    /// As KQL has it.
    default?: string | null;
    about?: string | null;
}

export interface Checked {
    ok: boolean;
    diagnostics: Diagnostic[];
    columns: Column[] | null;
    parameters: Parameter[];
}

export interface Question {
    name: string;
    area: string;
    /// What it answers.
    about: string;
    tables: { name: string; optional: string | null }[];
    /// Other exports that it compares with, by the names it has for them.
    snapshots: string[];
    /// Tables that it looks at in every snapshot.
    history: string[];
    parameters: Parameter[];
    columns: { name: string; about: string }[];
    caveats: string[];
    lacks: Diagnostic[];
    chart: boolean;
}

export interface QuestionText extends Question {
    text: string;
    flat: string;
}

export interface Chart {
    kind: string;
    title?: string | null;
}

/// What comes before the rows of a table.
export interface Head {
    columns: Column[];
    chart?: Chart | null;
    warnings?: Diagnostic[];
    took_ms?: number;
    rows?: number;
    rows_read?: number | null;
}

export interface Table {
    columns: Column[];
    rows: Row[];
}

/// A query, or a question of the library, with all that it is asked with.
export type Asked =
    | { database: string; text: string; parameters?: Record<string, Cell> }
    | { database: string; question: string; parameters: Record<string, Cell> };

/// The server says no, and why.
export class Refused extends Error {
    constructor(
        message: string,
        readonly code: string,
        readonly diagnostics: Diagnostic[],
    ) {
        super(message);
    }
}

async function refused(response: Response): Promise<Refused> {
    try {
        return ofError(((await response.json()) as { error: ErrorBody }).error);
    } catch {
        return new Refused(`The server answers with ${response.status}.`, String(response.status), []);
    }
}

interface ErrorBody {
    code: string;
    message: string;
    diagnostics?: Diagnostic[];
}

function ofError(error: ErrorBody): Refused {
    return new Refused(error.message, error.code, error.diagnostics ?? []);
}

async function send(path: string, body?: unknown, signal?: AbortSignal | null, accept?: string): Promise<Response> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (accept) headers["accept"] = accept;
    let response: Response;
    try {
        response = await fetch(path, {
            method: body === undefined ? "GET" : "POST",
            headers,
            body: body === undefined ? null : JSON.stringify(body),
            signal: signal ?? null,
        });
    } catch (error) {
        if (signal?.aborted) throw error;
        throw new Refused("The server does not answer. Is it running?", "offline", []);
    }
    if (!response.ok) throw await refused(response);
    return response;
}

async function json<T>(path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    return (await (await send(path, body, signal)).json()) as T;
}

const inDatabase = (path: string, database: string, more: Record<string, string> = {}) =>
    `${path}?${new URLSearchParams({ database, ...more })}`;

export const about = () => json<About>("/api/about");
export const tables = (database: string) => json<TableAbout[]>(inDatabase("/api/tables", database));
export const paths = (database: string, path: string) => json<Paths>(inDatabase("/api/paths", database, { path }));
export const explain = (name: string) => json<NameAbout[]>(`/api/explain?${new URLSearchParams({ name })}`);
export const complete = (database: string, text: string, offset: number, signal?: AbortSignal) =>
    json<Completions>("/api/complete", { database, text, offset }, signal);
export const check = (database: string, text: string) => json<Checked>("/api/check", { database, text });
export const format = async (text: string) => (await json<{ text: string }>("/api/format", { text })).text;
export const questions = (database: string) => json<Question[]>(inDatabase("/api/questions", database));
export const question = (name: string, database: string) =>
    json<QuestionText>(inDatabase(`/api/questions/${encodeURIComponent(name)}`, database));

function where(asked: Asked): [string, Record<string, unknown>] {
    if ("text" in asked) return ["/api/query", { ...asked }];
    const { question, ...body } = asked;
    return [`/api/questions/${encodeURIComponent(question)}/run`, body];
}

const decoder = () => new TextDecoder("utf-8");

/// Runs what is asked. Each table begins with `onHead`; its rows come in pieces, while others are still on their way.
export async function run(
    asked: Asked,
    onHead: (head: Head) => void,
    onRows: (rows: Row[]) => void,
    signal: AbortSignal,
): Promise<void> {
    const [path, body] = where(asked);
    await lines(await send(path, body, signal, "application/x-ndjson"), onHead, onRows);
}

async function lines(response: Response, onHead: (head: Head) => void, onRows: (rows: Row[]) => void): Promise<void> {
    const reader = response.body!.getReader();
    const text = decoder();
    let rest = "";
    let ended = false;
    const take = (whole: string[]) => {
        let rows: Row[] = [];
        for (const line of whole) {
            if (line.startsWith("[")) {
                rows.push(JSON.parse(line) as Row);
            } else if (line !== "") {
                if (rows.length > 0) onRows(rows);
                rows = [];
                const said = JSON.parse(line) as Partial<Head> & { end?: boolean; error?: ErrorBody };
                if (said.error) throw ofError(said.error);
                if (said.columns) onHead(said as Head);
                ended ||= said.end === true;
            }
        }
        if (rows.length > 0) onRows(rows);
    };
    for (;;) {
        const { done, value } = await reader.read();
        const pieces = (rest + (value ? text.decode(value, { stream: true }) : "")).split("\n");
        rest = pieces.pop() ?? "";
        take(pieces);
        if (done) break;
    }
    take([rest]);
    if (!ended) throw new Refused("The answer ended before all of it was here.", "cut", []);
}

/// All tables of an answer.
export async function answer(asked: Asked, signal?: AbortSignal): Promise<Table[]> {
    const found: Table[] = [];
    await run(
        asked,
        (head) => found.push({ columns: head.columns, rows: [] }),
        (rows) => {
            const rowsOf = found.at(-1)!.rows;
            for (const row of rows) rowsOf.push(row);
        },
        signal ?? new AbortController().signal,
    );
    return found;
}

/// The rows of the one table of an answer, by the names of its columns.
export async function records(asked: Asked, signal?: AbortSignal): Promise<Record<string, Cell>[]> {
    const table = (await answer(asked, signal)).at(-1);
    return table ? ofTable(table) : [];
}

export function ofTable({ columns, rows }: Table): Record<string, Cell>[] {
    return rows.map((row) => Object.fromEntries(columns.map((column, at) => [column.name, row[at] ?? null])));
}

export const DOWNLOADS = {
    csv: "text/csv",
    json: "application/json",
    xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    parquet: "application/vnd.apache.parquet",
    markdown: "text/markdown",
} as const;

export async function download(asked: Asked, format: keyof typeof DOWNLOADS, name: string): Promise<void> {
    const [path, body] = where(asked);
    const response = await send(path, body, null, DOWNLOADS[format]);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = `${name}.${format === "markdown" ? "md" : format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/// The picture of an answer, as `render` says or of another kind.
export async function chart(asked: Asked, kind: string | null, signal: AbortSignal): Promise<Element> {
    const [, body] = where(asked);
    const text = "text" in asked ? asked.text : (await question(asked.question, asked.database)).flat;
    const response = await send("/api/chart", { ...body, text, ...(kind ? { kind } : {}) }, signal, "text/html, image/svg+xml;q=0.9");
    const isPicture = response.headers.get("content-type")?.startsWith("image/svg") ?? false;
    const parsed = new DOMParser().parseFromString(await response.text(), isPicture ? "image/svg+xml" : "text/html");
    return document.importNode(isPicture ? parsed.documentElement : parsed.body, true);
}

export async function diff(old: string, recent: string, signal: AbortSignal): Promise<Table[]> {
    const said = await json<{ tables: Table[] }>(`/api/diff?${new URLSearchParams({ old, new: recent })}`, undefined, signal);
    return said.tables;
}
