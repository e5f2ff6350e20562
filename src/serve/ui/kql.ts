// As much of KQL as an editor has to know by itself: colours, and where a statement begins and ends. What is right and
// wrong the server says.

import { StreamLanguage, type StringStream } from "@codemirror/language";

const OPERATORS = new Set(
    (
        "as consume count datatable distinct evaluate extend externaldata facet filter find fork getschema " +
        "graph-mark-components graph-match graph-shortest-paths graph-to-table graph-where-edges graph-where-nodes " +
        "invoke join limit lookup make-graph make-series mv-apply mv-expand order parse parse-kv parse-where partition print " +
        "project project-away project-keep project-rename project-reorder range reduce render sample sample-distinct scan search " +
        "serialize sort summarize take top top-nested union where"
    ).split(" "),
);
const WORDS = new Set(
    (
        "and or not by on asc desc nulls first last in has contains startswith endswith has_any has_all hasprefix hassuffix " +
        "between matches regex with kind hint to step from of typeof let declare query_parameters set true false null " +
        "dynamic datetime timespan bool int long real decimal string guid"
    ).split(" "),
);

interface State {
    block: boolean;
}

function token(stream: StringStream, state: State): string | null {
    if (state.block) {
        if (stream.skipTo("```")) {
            stream.match("```");
            state.block = false;
        } else {
            stream.skipToEnd();
        }
        return "string";
    }
    if (stream.eatSpace()) return null;
    if (stream.match("//")) {
        stream.skipToEnd();
        return "comment";
    }
    if (stream.match("```")) {
        state.block = true;
        return "string";
    }
    if (stream.match(/^[hH]?@"(?:[^"]|"")*"?|^[hH]?@'(?:[^']|'')*'?/)) return "string";
    if (stream.match(/^[hH]?"(?:[^"\\]|\\.)*"?|^[hH]?'(?:[^'\\]|\\.)*'?/)) return "string";
    if (stream.match(/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[a-zA-Z]*/)) return "number";
    const word = stream.match(/^[A-Za-z_$][\w$]*(?:-[a-z]+)*[~!]?/);
    if (word && typeof word === "object") {
        const name = word[0];
        if (OPERATORS.has(name)) return "keyword";
        const plain = name.split("-")[0]!;
        if (plain.length < name.length) stream.backUp(name.length - plain.length);
        if (stream.match(/^\s*\(/, false) && !WORDS.has(plain)) return "function";
        if (WORDS.has(plain.replace(/[~!]$/, "")) || WORDS.has(plain)) return "operatorKeyword";
        return "variableName";
    }
    if (stream.match(/^[|=<>!~+\-*/%]+/)) return "operator";
    stream.next();
    return null;
}

export const kql = StreamLanguage.define<State>({
    name: "kql",
    startState: () => ({ block: false }),
    copyState: (state) => ({ ...state }),
    token,
    tokenTable: {},
    languageData: { commentTokens: { line: "//" }, closeBrackets: { brackets: ["(", "[", "{", "'", '"'] } },
});

export interface Block {
    start: number;
    end: number;
}

/// The queries of a text: empty lines part them, but for those in brackets and texts, and after a `;`.
export function blocks(text: string): Block[] {
    const found: Block[] = [];
    let start = -1;
    let end = 0;
    let depth = 0;
    let open = false;
    const skip = /\/\/[^\n]*|```[\s\S]*?(?:```|$)|[hH]?@"(?:[^"]|"")*"?|[hH]?@'(?:[^']|'')*'?|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|\n[ \t\r]*(?=\n|$)|[\s\S]/g;
    for (const match of text.matchAll(skip)) {
        const piece = match[0];
        const at = match.index;
        const behind = text[at + piece.length];
        if (piece.startsWith("\n") && (behind === "\n" || behind === undefined)) {
            if (start >= 0 && depth <= 0 && !open) {
                found.push({ start, end });
                start = -1;
                depth = 0;
            }
            continue;
        }
        if (/^\s$/.test(piece)) continue;
        if (start < 0) start = at;
        end = at + piece.length;
        if (piece.startsWith("//")) continue;
        if ("([{".includes(piece)) depth += 1;
        if (")]}".includes(piece)) depth -= 1;
        open = piece === ";";
    }
    if (start >= 0) found.push({ start, end });
    return found;
}

/// The query at a place, or the last one before it.
export function blockAt(text: string, offset: number): Block | null {
    let last: Block | null = null;
    for (const block of blocks(text)) {
        if (block.start > offset && last) break;
        last = block;
    }
    return last;
}


/// A value as KQL takes it.
export function literal(value: unknown): string {
    if (value === null || value === undefined) return "''";
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'").replace(/\n/g, "\\n")}'`;
}
