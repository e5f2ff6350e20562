//! `argql report`: one page, one Markdown file, or one workbook, on the exemptions of an export.

use super::args::{ReportArgs, ReportFormat};
use super::cluster::on_cluster;
use super::failure::Failure;
use super::messages::Messages;
use super::open::open_export;
use super::{audit, destination};
use crate::{DateTime, Format, ReportPlan};

/// Answers what has a place in the report, and writes it.
pub(super) fn report(options: &ReportArgs, messages: &Messages) -> Result<(), Failure> {
    let now = options.now.unwrap_or_else(DateTime::now);
    let moment = now.to_string().replace(".0000000Z", "Z");
    let plan = ReportPlan::new()
        .title(&options.title)
        .about(data_line(options))
        .about(format!("As of {moment}, by argql {}.", env!("CARGO_PKG_VERSION")))
        .audit(audit::plan(&options.choice, Some(options.rows))?);
    let plan = options.choice.parameters().try_fold(plan, |plan, (name, value)| plan.parameter(name, value))?;
    let format = format_of(options)?;
    destination::check_readable(format, options.output.as_deref())?;
    let engine = open_export(&options.source, Some(now), messages)?;
    let report = plan.run(&on_cluster(engine, &options.cluster, messages)?)?;
    messages.warnings(report.warnings(), None);
    destination::write_text(options.output.as_deref(), |out| report.write(out, format))
}

/// What the rows are from.
fn data_line(options: &ReportArgs) -> String {
    if options.source.sample {
        return "Data: the sample that is part of argql.".to_owned();
    }
    let paths: Vec<String> = options.source.data.iter().map(|path| path.display().to_string()).collect();
    if paths.is_empty() { "Data: what ARGQL_DATA names.".to_owned() } else { format!("Data: {}.", paths.join(", ")) }
}

fn format_of(options: &ReportArgs) -> Result<Format, Failure> {
    let endings = [
        ("html", ReportFormat::Html),
        ("htm", ReportFormat::Html),
        ("md", ReportFormat::Markdown),
        #[cfg(feature = "xlsx")]
        ("xlsx", ReportFormat::Xlsx),
    ];
    let chosen = destination::chosen(options.format, options.output.as_deref(), &endings, ReportFormat::Markdown)?;
    Ok(match chosen {
        ReportFormat::Html => Format::Html,
        ReportFormat::Markdown => Format::Markdown,
        #[cfg(feature = "xlsx")]
        ReportFormat::Xlsx => Format::Xlsx,
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::args::{Cli, Command};
    use super::*;

    /// The report of this command line, as it is written to `name`.
    fn reported(name: &str, line: &[&str]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let args = ["argql", "report", "--now", "2026-10-01", "-o", path.to_str().unwrap()];
        let cli = Cli::try_parse_from(args.iter().chain(line)).unwrap();
        let Some(Command::Report(options)) = cli.command else { panic!("another command") };
        report(&options, &Messages::new(&cli.screen)).unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_page_has_charts_tables_and_findings_and_needs_nothing_else() {
        let page = reported("page.html", &["--sample", "--rows", "3", "--title", "Fjord & <sons>"]);
        assert!(page.contains("<h1>Fjord &amp; &lt;sons&gt;</h1>"));
        for heading in ["Secure score", "Exemptions by category and status", "Ending soon", "Checks"] {
            assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
        }
        assert!(page.contains("<h2>exemptions-no-expiry: the first 3 of 14</h2>"));
        assert!(page.matches("<svg").count() >= 5);
        let links: Vec<&str> = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let (within, away): (Vec<&str>, Vec<&str>) = links.iter().partition(|link| link.starts_with('#'));
        assert_eq!(within.len(), 5);
        assert!(within.iter().all(|link| page.matches(&format!(" id=\"{}\"", &link[1..])).count() == 1), "{within:?}");
        assert!(!away.is_empty());
        assert!(away.iter().all(|link| link.starts_with("https://portal.azure.com/#@/resource/subscriptions/")));
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
        assert!(at("class=\"cards\"") < at("<h2>Checks</h2>") && at("<h2>Checks</h2>") < at("<h2>Secure score</h2>"));
        assert!(at("<h2>Exempt share of each subscription</h2>") < at("<h2>exemptions-no-expiry: "));
        // Without snapshots nothing is told over time, and nothing is said of that.
        assert!(!page.contains("over time"));
        assert!(!page.contains("src=") && !page.contains("@import") && !page.contains("url("));
    }

    #[test]
    fn a_report_over_snapshots_says_how_it_went() {
        let of =
            |month: &str, day: &str| ["--snapshot".to_owned(), format!("2026-{day}=tests/library/history/{month}")];
        let snapshots = [of("august", "08-01"), of("september", "09-01"), of("october", "10-01")].concat();
        let line: Vec<&str> =
            snapshots.iter().map(String::as_str).chain(["-d", "tests/library/history/october"]).collect();
        let page = reported("page.html", &line);
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
        assert!(at("<h2>Checks</h2>") < at("<h2>Secure score over time</h2>"));
        assert!(at("<h2>Exemptions over time</h2>") < at("<h2>Secure score</h2>"));
        assert!(page.contains("<h2>Exemptions that came, changed and went</h2>"));
        let text = reported("page.md", &line);
        let order: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let place = |heading: &str| order.iter().position(|found| *found == heading).unwrap();
        assert!(place("Exempt share of each subscription") < place("Exemptions over time"), "{order:?}");
        assert!(place("Exemptions over time") < place("Checks"));
    }

    #[test]
    fn markup_and_addresses_in_data_stay_text() {
        let folder = tempfile::tempdir().unwrap();
        let id = "/subscriptions/a\"><b>/providers/microsoft.authorization/policyexemptions/x";
        let row = serde_json::json!([{
            "id": id, "name": "<script>alert(1)</script>", "type": "microsoft.authorization/policyexemptions",
            "properties": { "displayName": "https://evil.example/", "exemptionCategory": "Waiver", "description": "| `x` |" }
        }]);
        let file = folder.path().join("policyresources.json");
        std::fs::write(&file, row.to_string()).unwrap();
        let data = file.to_str().unwrap();
        let page = reported("page.html", &["-d", data]);
        assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"));
        assert!(page.contains("https://evil.example/") && !page.contains("href=\"https://evil"));
        assert!(!page.contains("a\"><b>") && page.contains("#@/resource/subscriptions/a%22%3E%3Cb%3E/providers"));
        let text = reported("page.md", &["-d", data]);
        assert!(text.lines().any(|line| line.starts_with("| Waiver | ")), "{text}");
    }
}
