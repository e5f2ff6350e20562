// The editor of queries: what it completes, underlines and explains comes from the server.

import { type CompletionContext, type CompletionResult, acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic as Mark, lintGutter, lintKeymap, linter } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, Prec } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, highlightSpecialChars, hoverTooltip, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import * as api from "./api";
import { blockAt, blocks, kql } from "./kql";

export interface EditorEvents {
    changed: (text: string) => void;
    run: () => void;
    all: () => void;
    format: () => void;
    hint: (text: string) => void;
    database: () => string;
}

const KINDS: Record<string, string> = {
    table: "class",
    column: "property",
    path: "property",
    value: "text",
    operator: "keyword",
    keyword: "keyword",
    function: "function",
    aggregate: "method",
    type: "type",
};

const colors = HighlightStyle.define([
    { tag: tags.keyword, color: "var(--code-operator)", fontWeight: "600" },
    { tag: tags.operatorKeyword, color: "var(--code-word)" },
    { tag: tags.string, color: "var(--code-text)" },
    { tag: tags.number, color: "var(--code-number)" },
    { tag: tags.comment, color: "var(--soft)", fontStyle: "italic" },
    { tag: tags.function(tags.variableName), color: "var(--code-function)" },
]);

export class Editor {
    readonly view: EditorView;
    private asking: AbortController | null = null;
    private hinting: ReturnType<typeof setTimeout> | undefined;

    constructor(
        parent: HTMLElement,
        text: string,
        private readonly events: EditorEvents,
    ) {
        this.view = new EditorView({ parent, state: this.state(text) });
    }

    get text(): string {
        return this.view.state.doc.toString();
    }

    /// Another text, with a history of its own.
    show(text: string): void {
        if (text !== this.text) this.view.setState(this.state(text));
    }

    replace(text: string): void {
        const { from, to, insert } = difference(this.text, text);
        this.view.dispatch({ changes: { from, to, insert }, scrollIntoView: true });
    }

    /// Puts text where the cursor is.
    insert(text: string): void {
        const { from, to } = this.view.state.selection.main;
        this.view.dispatch({ changes: { from, to, insert: text }, selection: { anchor: from + text.length }, scrollIntoView: true });
        this.view.focus();
    }

    /// What is to run: what is selected, else the query at the cursor.
    statement(): string {
        const { from, to, head } = this.view.state.selection.main;
        const text = this.text;
        if (from !== to) return text.slice(from, to);
        const block = blockAt(text, head);
        return block ? text.slice(block.start, block.end) : "";
    }

    private state(text: string): EditorState {
        return EditorState.create({
            doc: text,
            extensions: [
                lineNumbers(),
                history(),
                drawSelection(),
                highlightSpecialChars(),
                highlightActiveLine(),
                highlightSelectionMatches(),
                bracketMatching(),
                closeBrackets(),
                indentUnit.of("    "),
                kql,
                syntaxHighlighting(colors),
                autocompletion({ override: [(context) => this.complete(context)], maxRenderedOptions: 60 }),
                linter((view) => this.check(view), { delay: 300 }),
                lintGutter(),
                hoverTooltip((view, at) => this.explain(view, at)),
                placeholder("securityresources | count"),
                EditorView.lineWrapping,
                EditorView.contentAttributes.of({ "aria-label": "Query", spellcheck: "false", tabindex: "0" }),
                EditorView.updateListener.of((update) => {
                    if (update.docChanged) this.events.changed(this.text);
                    if (update.docChanged || update.selectionSet) this.hintSoon();
                }),
                Prec.highest(
                    keymap.of([
                        { key: "Shift-Enter", run: () => (this.events.run(), true) },
                        { key: "Mod-Enter", run: () => (this.events.run(), true) },
                        { key: "Mod-Shift-Enter", run: () => (this.events.all(), true) },
                        { key: "Shift-Alt-f", run: () => (this.events.format(), true) },
                        { key: "Tab", run: acceptCompletion },
                    ]),
                ),
                keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
                // Escape, then Tab, leaves the editor, as the keys of the editor have it everywhere.
                keymap.of([indentWithTab]),
            ],
        });
    }

    private at(offset: number): { text: string; start: number } {
        const block = blockAt(this.text, offset);
        // Behind the end of a query something of its own may begin, or the query goes on.
        if (!block || offset > block.end + 1 + this.spaces(block.end)) return { text: "", start: offset };
        return { text: this.text.slice(block.start, Math.max(block.end, offset)), start: block.start };
    }

    /// How much space is behind a place on its line, and the line break.
    private spaces(from: number): number {
        return /^[^\S\n]*(?:\n[^\S\n]*)?/.exec(this.text.slice(from))![0].length;
    }

    private async complete(context: CompletionContext): Promise<CompletionResult | null> {
        const before = context.matchBefore(/[\w.\-'"]+$/);
        const last = context.state.sliceDoc(Math.max(0, context.pos - 2), context.pos);
        if (!context.explicit && !before && !/[|.(,\s]\s?$/.test(last)) return null;
        const { text, start } = this.at(context.pos);
        this.asking?.abort();
        const asking = (this.asking = new AbortController());
        context.addEventListener("abort", () => asking.abort());
        try {
            const found = await api.complete(this.events.database(), text, context.pos - start, asking.signal);
            if (found.items.length === 0) return null;
            return {
                from: start + found.start,
                to: start + found.end,
                options: found.items.map((item, at) => ({
                    label: item.text,
                    displayLabel: item.name,
                    type: KINDS[item.kind] ?? "variable",
                    // The server's own order, the most likely first.
                    boost: Math.max(-99, 99 - at),
                    ...described(item),
                })),
                validFor: /^[\w\-]*$/,
            };
        } catch {
            return null;
        }
    }

    private hintSoon(): void {
        clearTimeout(this.hinting);
        this.hinting = setTimeout(async () => {
            const at = this.view.state.selection.main.head;
            const { text, start } = this.at(at);
            try {
                this.events.hint(text === "" ? "" : ((await api.complete(this.events.database(), text, at - start)).hint ?? ""));
            } catch {
                this.events.hint("");
            }
        }, 250);
    }

    private async check(view: EditorView): Promise<Mark[]> {
        const text = view.state.doc.toString();
        const length = text.length;
        const checked = await Promise.all(
            blocks(text)
                .slice(0, 20)
                .map(async (block): Promise<Mark[]> => {
                    try {
                        const { diagnostics } = await api.check(this.events.database(), text.slice(block.start, block.end));
                        return diagnostics.map((found) => mark(found, block.start, length));
                    } catch {
                        return [];
                    }
                }),
        );
        return checked.flat();
    }

    private async explain(view: EditorView, at: number) {
        const word = view.state.wordAt(at);
        if (!word) return null;
        let { from, to } = word;
        const line = view.state.doc.lineAt(at);
        while (/[\w-]/.test(view.state.sliceDoc(to, to + 1)) && to < line.to) to += 1;
        while (/[\w-]/.test(view.state.sliceDoc(from - 1, from)) && from > line.from) from -= 1;
        try {
            const found = await api.explain(view.state.sliceDoc(from, to));
            if (found.length === 0) return null;
            return {
                pos: from,
                end: to,
                create: () => {
                    const dom = document.createElement("div");
                    dom.className = "about";
                    for (const { name, kind, signature, about } of found) {
                        const head = document.createElement("code");
                        head.textContent = signature ?? name;
                        const text = document.createElement("p");
                        text.textContent = about ?? kind;
                        dom.append(head, text);
                    }
                    return { dom };
                },
            };
        } catch {
            return null;
        }
    }
}

/// Beside the name what is short, a type or a share; the rest in a box of its own.
function described({ detail, about }: api.Completion): { detail?: string; info?: string } {
    const [beside, apart] = detail ? [detail, about] : [about, null];
    if (!beside) return {};
    if (beside.length > 40) return { info: beside };
    return { detail: beside, ...(apart && apart !== beside ? { info: apart } : {}) };
}

function mark(found: api.Diagnostic, start: number, length: number): Mark {
    const from = Math.min(length, start + (found.start ?? 0));
    const to = Math.min(length, Math.max(from, start + (found.end ?? found.start ?? 0)));
    const cure = /^did you mean `([^`]+)`\?$/.exec(found.help ?? "")?.[1];
    return {
        from,
        to,
        actions: cure === undefined ? [] : [{ name: `Use ${cure}`, apply: (view, from, to) => view.dispatch({ changes: { from, to, insert: cure } }) }],
        severity: found.severity,
        source: found.code,
        message: found.message,
        renderMessage: () => {
            const dom = document.createElement("div");
            dom.append(found.message);
            for (const [name, text] of [["label", found.label], ["help", found.help]] as const) {
                if (!text) continue;
                const line = document.createElement("p");
                line.className = name;
                line.textContent = text;
                dom.append(line);
            }
            return dom;
        },
    };
}

/// The one stretch in which two texts differ.
function difference(old: string, recent: string): { from: number; to: number; insert: string } {
    let from = 0;
    while (from < old.length && from < recent.length && old[from] === recent[from]) from += 1;
    let back = 0;
    while (back < old.length - from && back < recent.length - from && old[old.length - 1 - back] === recent[recent.length - 1 - back]) back += 1;
    return { from, to: old.length - back, insert: recent.slice(from, recent.length - back) };
}
