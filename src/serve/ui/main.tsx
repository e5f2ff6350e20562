// The page: where one is, which database is asked, light or dark.

import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import * as api from "./api";
import { Compare } from "./compare";
import { Data } from "./data";
import { Exemption, Exemptions } from "./exemptions";
import { Questions } from "./questions";
import { Query } from "./query";
import { database, notice, theme, usePlace } from "./store";
import { moment } from "./values";

const VIEWS = [
    { name: "query", title: "Query", view: Query },
    { name: "data", title: "Data", view: Data },
    { name: "questions", title: "Questions", view: Questions },
    { name: "exemptions", title: "Exemptions", view: Exemptions },
    { name: "compare", title: "Compare", view: Compare },
] as const;

function Page() {
    const { path } = usePlace();
    const [about, setAbout] = useState<api.About | null>(null);
    const [newer, setNewer] = useState(0);
    const inDatabase = database.use();
    const light = theme.use();
    const notes = notice.use();
    useEffect(() => {
        const ask = () =>
            api.about().then(
                (found) => {
                    setAbout((old) => {
                        if (old && old.number !== found.number) setNewer(found.number);
                        return old?.number === found.number ? old : found;
                    });
                    if (!found.databases.some((each) => each.name === database.get())) database.set(found.databases[0]?.name ?? "arg");
                },
                () => setAbout(null),
            );
        void ask();
        // Newer data are taken in while the page is open.
        const again = setInterval(() => document.visibilityState === "visible" && void ask(), 15_000);
        return () => clearInterval(again);
    }, []);
    useEffect(() => {
        document.documentElement.dataset["theme"] = light;
    }, [light]);
    const here = VIEWS.find((each) => each.name === path[0]) ?? VIEWS[0];
    const View = here.name === "exemptions" && path[1] ? Exemption : here.view;
    useEffect(() => {
        document.title = `${here.title} · argql`;
        notice.set("");
    }, [here]);
    return (
        <>
            <a class="skip" href="#content" onClick={(event) => (event.preventDefault(), document.getElementById("content")?.focus())}>
                To the content
            </a>
            <header class="top">
                <b class="brand">argql</b>
                <nav aria-label="Views">
                    {VIEWS.map((each) => (
                        <a href={`#/${each.name}`} aria-current={each === here ? "page" : undefined}>
                            {each.title}
                        </a>
                    ))}
                </nav>
                <div class="choices">
                    <label>
                        <span class="hidden">Database</span>
                        <select value={inDatabase} title={about ? `Loaded ${moment(about.loaded)}` : ""} onChange={(event) => database.set(event.currentTarget.value)}>
                            {(about?.databases ?? [{ name: inDatabase }]).map((each) => (
                                <option value={each.name}>{each.name}</option>
                            ))}
                        </select>
                    </label>
                    <label>
                        <span class="hidden">Light or dark</span>
                        <select value={light} onChange={(event) => theme.set(event.currentTarget.value as "auto" | "light" | "dark")}>
                            <option value="auto">auto</option>
                            <option value="light">light</option>
                            <option value="dark">dark</option>
                        </select>
                    </label>
                </div>
            </header>
            <main id="content" tabIndex={-1}>
                <View key={`${here.name} ${here.name === "query" ? 0 : newer}`} />
            </main>
            <div class="notice" role="status" aria-live="polite">
                {notes}
            </div>
        </>
    );
}

document.documentElement.dataset["theme"] = theme.get();
const parent = document.getElementById("app")!;
parent.replaceChildren();
render(<Page />, parent);
