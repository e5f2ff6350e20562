// How values are written, compared and looked for.

import type { Cell } from "./api";

export const NUMBERS = new Set(["long", "int", "real", "decimal"]);

const spaced = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });

export const count = (n: number) => spaced.format(n);

export function counted(n: number, one: string, many = `${one}s`): string {
    return `${count(n)} ${n === 1 ? one : many}`;
}

export function milliseconds(ms: number): string {
    return ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/// A day as people write it, and what is left of the time if it is not midnight.
export function moment(text: string): string {
    const found = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})/.exec(text);
    if (!found) return text;
    return found[2] === "00:00:00" ? found[1]! : `${found[1]} ${found[2]}`;
}

export function textOf(cell: Cell | undefined): string {
    if (cell === null || cell === undefined) return "";
    return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}

/// Where the portal shows what an id stands for.
export function portal(cell: Cell | undefined): string | null {
    if (typeof cell !== "string" || cell.length > 2000) return null;
    const known =
        /^\/subscriptions\/[0-9a-f-]{36}(?:\/[^\s?#]*)?$/i.test(cell) ||
        /^\/providers\/microsoft\.(?:management|authorization)\/[^\s?#]+$/i.test(cell);
    return known ? `https://portal.azure.com/#@/resource${encodeURI(cell)}` : null;
}

export function compare(a: Cell | undefined, b: Cell | undefined): number {
    const emptyA = a === null || a === undefined;
    const emptyB = b === null || b === undefined;
    if (emptyA || emptyB) return emptyA === emptyB ? 0 : emptyA ? 1 : -1;
    if (typeof a === "number" && typeof b === "number") return a - b;
    const textA = textOf(a);
    const textB = textOf(b);
    return textA < textB ? -1 : textA > textB ? 1 : 0;
}

/// What a filter lets through: text anywhere in it; `=` all of it, `!` not in it, `<` and `>` of numbers and moments.
export function test(filter: string): (cell: Cell | undefined) => boolean {
    const found = /^(!=|>=|<=|=|!|<|>)?\s*(.*)$/s.exec(filter)!;
    const wanted = found[2]!.toLowerCase();
    const text = (cell: Cell | undefined) => textOf(cell).toLowerCase();
    const order = (cell: Cell | undefined) => {
        const number = Number(wanted);
        const own = typeof cell === "number" ? cell : Number(cell);
        if (wanted !== "" && !Number.isNaN(number) && !Number.isNaN(own)) return own - number;
        return compare(text(cell), wanted);
    };
    const has = (cell: Cell | undefined) => cell !== null && cell !== undefined && cell !== "";
    switch (found[1]) {
        case "=":
            return (cell) => text(cell) === wanted;
        case "!=":
            return (cell) => text(cell) !== wanted;
        case "!":
            return (cell) => !text(cell).includes(wanted);
        case ">":
            return (cell) => has(cell) && order(cell) > 0;
        case ">=":
            return (cell) => has(cell) && order(cell) >= 0;
        case "<":
            return (cell) => has(cell) && order(cell) < 0;
        case "<=":
            return (cell) => has(cell) && order(cell) <= 0;
        default:
            return (cell) => text(cell).includes(wanted);
    }
}

export async function copy(text: string): Promise<boolean> {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        const area = document.createElement("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        const done = document.execCommand("copy");
        area.remove();
        return done;
    }
}
