// The library of questions: by area, with their parameters as a form, their answers and the queries behind them.

import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { Answer, Run } from "./answer";
import { Awaited, Diagnostics, Empty, useAnswer } from "./parts";
import { database, go, openTab, usePlace } from "./store";
import { counted } from "./values";

export function Questions() {
    const inDatabase = database.use();
    const name = usePlace().path[1];
    const [find, setFind] = useState("");
    const questions = useAnswer(() => api.questions(inDatabase), [inDatabase]);
    return (
        <div class={name ? "page two chosen" : "page two"}>
            <nav class="list" aria-label="Questions">
                <h1>Questions</h1>
                <input type="search" placeholder="Find a question" aria-label="Find a question" value={find} onInput={(event) => setFind(event.currentTarget.value)} />
                <Awaited asking={questions} what="questions">
                    {(all) => <Areas all={all.filter((each) => `${each.name} ${each.about} ${each.area}`.toLowerCase().includes(find.toLowerCase()))} name={name} />}
                </Awaited>
            </nav>
            <div class="detail">
                {name ? <Question key={`${inDatabase} ${name}`} name={name} inDatabase={inDatabase} /> : <Empty>Choose a question: each has its answer and the query behind it.</Empty>}
            </div>
        </div>
    );
}

function Areas({ all, name }: { all: api.Question[]; name: string | undefined }) {
    const areas = [...new Set(all.map((each) => each.area))].sort();
    if (all.length === 0) return <Empty>None is called so.</Empty>;
    return (
        <>
            {areas.map((area) => (
                <section>
                    <h2>{area}</h2>
                    <ul>
                        {all
                            .filter((each) => each.area === area)
                            .map((each) => (
                                <li class={each.lacks.length > 0 ? "lacking" : ""}>
                                    <a href={`#/questions/${encodeURIComponent(each.name)}`} aria-current={each.name === name ? "page" : undefined}>
                                        {each.about}
                                        <span class="soft">{each.lacks.length > 0 ? `${each.name}: lacks data` : each.name}</span>
                                    </a>
                                </li>
                            ))}
                    </ul>
                </section>
            ))}
        </>
    );
}

function Question({ name, inDatabase }: { name: string; inDatabase: string }) {
    const asking = useAnswer(() => api.question(name, inDatabase), [name, inDatabase]);
    return (
        <Awaited asking={asking} what={name}>
            {(question) => <Asked question={question} inDatabase={inDatabase} />}
        </Awaited>
    );
}

function Asked({ question, inDatabase }: { question: api.QuestionText; inDatabase: string }) {
    const [values, setValues] = useState<Record<string, string>>({});
    const [run, setRun] = useState<Run | null>(null);
    const start = () => {
        // Empty text is a text; of other types nothing typed is the standard value.
        const given = question.parameters.filter(({ name, type }) => values[name] !== undefined && (type === "string" || values[name] !== ""));
        const parameters = Object.fromEntries(given.map(({ name }) => [name, values[name]!]));
        setRun(new Run({ database: inDatabase, question: question.name, parameters }));
    };
    const needs = question.lacks.some((lack) => lack.severity === "error");
    useEffect(() => {
        if (!needs) start();
    }, [question.name]);
    return (
        <>
            <div class="bar">
                <button type="button" class="back" onClick={() => go("questions")}>
                    All questions
                </button>
            </div>
            <h2 class="title">{question.about}</h2>
            <p class="soft">{`${question.name} reads ${readBy(question).join(", ")}`}</p>
            {question.lacks.length > 0 ? <Diagnostics all={question.lacks} /> : null}
            <form
                class="parameters"
                onSubmit={(event) => {
                    event.preventDefault();
                    start();
                }}
            >
                {question.parameters.map((parameter) => (
                    <label>
                        <span>
                            {parameter.name} <span class="soft">{parameter.type}</span>
                        </span>
                        <Field parameter={parameter} value={values[parameter.name]} change={(value) => setValues({ ...values, [parameter.name]: value })} />
                        {parameter.about ? <span class="soft">{parameter.about}</span> : null}
                    </label>
                ))}
                <div class="bar">
                    <button type="submit" class="main">
                        Ask
                    </button>
                    <button
                        type="button"
                        onClick={() => {
                            openTab(question.flat, question.name);
                            go("query");
                        }}
                    >
                        Open the query in a tab
                    </button>
                </div>
            </form>
            {run ? <Answer run={run} name={question.name} height="min(70vh, 46rem)" /> : null}
            <details class="behind">
                <summary>What its columns mean</summary>
                <dl class="facts">
                    {question.columns.map((column) => (
                        <div>
                            <dt>{column.name}</dt>
                            <dd>{column.about}</dd>
                        </div>
                    ))}
                </dl>
                {question.caveats.length > 0 ? <h3>Bear in mind</h3> : null}
                <ul class="caveats">
                    {question.caveats.map((caveat) => (
                        <li>{caveat}</li>
                    ))}
                </ul>
            </details>
            <details class="behind">
                <summary>{`The query behind it (${counted(question.text.split("\n").length, "line")})`}</summary>
                <pre tabIndex={0}>{question.text}</pre>
            </details>
        </>
    );
}

function readBy({ tables, snapshots, history }: api.Question): string[] {
    return [
        ...history.map((name) => `${name} in every snapshot`),
        ...tables.map(({ name, optional }) => (optional === null ? name : `${name} (for ${optional})`)),
        ...snapshots.map((name) => `the snapshot ${name}`),
    ];
}

function Field({ parameter, value, change }: { parameter: api.Parameter; value: string | undefined; change: (value: string) => void }) {
    const standard = (parameter.default ?? "").replace(/^(['"])(.*)\1$/, "$2");
    if (parameter.type === "bool") {
        return (
            <select value={value || standard} onChange={(event) => change(event.currentTarget.value)}>
                <option value="true">true</option>
                <option value="false">false</option>
            </select>
        );
    }
    if (parameter.type === "string") return <input value={value ?? standard} onInput={(event) => change(event.currentTarget.value)} />;
    const kind = parameter.type === "long" || parameter.type === "int" ? "number" : "text";
    return <input type={kind} value={value ?? ""} placeholder={standard} onInput={(event) => change(event.currentTarget.value)} />;
}
