use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("argql").chain(line.split_whitespace()))
}

#[test]
fn the_commands_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn the_lines_that_other_tools_type_are_understood() {
    for line in [
        "query --format json -",
        "query --data x --missing-tables empty --format ndjson --now 2025-06-01T00:00:00Z -f q.kql",
        "query --data x -d y=z --format ndjson -f q.kql",
        "query --param n=5 --param text=a=b -f q.kql",
        "query --snapshot old=a/ --snapshot old=resources=b.json --sample x",
        "explain --param n=5 x",
        "check --format json a.kql b.kql",
        "check --target arg --deny warnings a.kql",
        "bench --data x --repeat 6 --out o -f a.kql -f b.kql",
        "run exempted-recommendations --sample",
        "audit --sample --only a,b --skip c --check a=5 --param a.days=3 --format sarif --baseline b.toml",
        "report --sample -o report.html --title Mine --rows 5 --only a",
        "diff a/ resources=b.json --table resources --key name,properties.a --expect empty",
        "--sample --format csv --quiet",
        "explain --stage ast x",
        "export --script bash",
        "export --script pwsh resources healthresources --output x.ps1",
        "query --memory 256MB --max-rows 1000 --timeout 1.5s --stream --progress x",
        "query --memory none --max-rows none --timeout none --progress=never x",
    ] {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn limits_are_read_with_their_units() {
    let read = |text: &str| size(text).unwrap().0;
    let sizes = ["256MB", "1.5 GiB", "42", "2kb", "none"].map(read);
    assert_eq!(sizes, [Some(256_000_000), Some(3 << 29), Some(42), Some(2000), None]);
    let times = ["250ms", "1.5s", "2m", "3", "1h"].map(|text| duration(text).unwrap().0.unwrap().as_millis());
    assert_eq!(times, [250, 1500, 120_000, 3000, 3_600_000]);
    assert_eq!(count("1000").unwrap().0, Some(1000));
    assert_eq!(size("99999999999999999999TB"), Err("no size, such as 256MB or 2GiB, or none"));
}

#[test]
fn what_cannot_go_together_is_refused_as_usage() {
    for line in [
        "query --sample -d x y",
        "query -f a.kql b",
        "run",
        "check",
        "query --now soon x",
        "query --threads 0 x",
        "query --param n x",
        "export resources",
        "export --script fish",
        "query --memory 0 x",
        "query --memory 5parsecs x",
        "query --max-rows -1 x",
        "query --max-rows 1.5 x",
        "query --nesting 2000 x",
        "query --timeout soon x",
        "query --progress=often x",
        "diff a",
        "diff a b --key id",
        "audit --check x",
        "audit --check x=-1",
        "audit --baseline b --write-baseline",
        "audit --until 2026-12-31",
        "query --snapshot old x",
        "query --snapshot old= x",
    ] {
        assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
    }
}
