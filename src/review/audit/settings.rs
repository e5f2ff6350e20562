//! Files of an audit: settings (`--config`) and the baseline of accepted findings. Both are TOML; what is wrong in them
//! is said with file, line and column, and nothing in them is passed over in silence.
//!
//! ```toml
//! baseline = "accepted.toml"
//! skip = ["exemptions-expiring"]
//! params.days = 14
//!
//! [checks.exemptions-no-expiry]
//! max = 10
//! severity = "low"
//! params.days = 7
//! ```

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::Grade;
use crate::diag::{Diagnostic, Place, SETTINGS, UNREADABLE, line_column, nearest};
use crate::error::Error;
use crate::value::{DateTime, parse_datetime};

/// What `--config` says.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) baseline: Option<PathBuf>,
    pub(super) rows: Option<usize>,
    pub(super) only: Vec<String>,
    pub(super) skip: Vec<String>,
    /// Values of parameters, for every check that declares them.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) checks: Vec<CheckSettings>,
}

/// What `--config` says of one check.
#[derive(Debug, Default)]
pub(super) struct CheckSettings {
    pub(super) name: String,
    pub(super) max: Option<usize>,
    pub(super) severity: Option<Grade>,
    pub(super) parameters: Vec<(String, String)>,
}

/// A finding that was accepted.
#[derive(Clone, Debug)]
pub(super) struct Accepted {
    pub(super) check: String,
    /// What the finding is told by, in lower case.
    pub(super) key: String,
    pub(super) reason: String,
    /// As it was written.
    pub(super) until: String,
    /// From this moment on it counts again.
    pub(super) ends: DateTime,
}

/// A check that files may name.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: String,
    /// The parameters that its query declares.
    pub(super) parameters: Vec<String>,
}

/// A file being read: complaints name their place in it.
struct SettingsFile<'a> {
    path: &'a Path,
    text: &'a str,
    checks: &'a [Known],
}

type Read<T> = Result<T, Box<Diagnostic>>;
type SettingsEntry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// Reads settings, which name these checks.
pub(super) fn settings(path: &Path, checks: &[Known]) -> Result<Settings, Error> {
    read(path, checks, |file, table| {
        let mut settings = Settings::default();
        for (key, value) in entries(table) {
            match key.get_ref().as_ref() {
                "baseline" => {
                    let named = PathBuf::from(file.text_of(value)?);
                    settings.baseline = Some(path.parent().unwrap_or(Path::new("")).join(named));
                }
                "rows" => settings.rows = Some(file.count(value)?),
                "only" => settings.only = file.names(value)?,
                "skip" => settings.skip = file.names(value)?,
                "params" => settings.parameters = file.parameters(value, None)?,
                "checks" => {
                    for (name, value) in entries(file.table(value)?) {
                        let check = file.check(name.get_ref(), name.span())?;
                        settings.checks.push(file.check_settings(check, value)?);
                    }
                }
                _ => return Err(file.unknown(key, &["baseline", "checks", "only", "params", "rows", "skip"])),
            }
        }
        Ok(settings)
    })
}

/// Reads a baseline; none of its entries may be there twice.
pub(super) fn baseline(path: &Path, checks: &[Known]) -> Result<Vec<Accepted>, Error> {
    read(path, checks, |file, table| {
        let mut entries_read: Vec<Accepted> = Vec::new();
        for (key, value) in entries(table) {
            if key.get_ref() != "accepted" {
                return Err(file.unknown(key, &["accepted"]));
            }
            for item in file.list(value)? {
                let accepted = file.accepted(item)?;
                let same = |known: &Accepted| known.check == accepted.check && known.key == accepted.key;
                if entries_read.iter().any(same) {
                    let message = format!("`{}` of `{}` is accepted twice", accepted.key, accepted.check);
                    return Err(file.wrong(item.span(), message));
                }
                entries_read.push(accepted);
            }
        }
        Ok(entries_read)
    })
}

/// Reads a file and makes of its table what `make` does.
fn read<T>(
    path: &Path,
    checks: &[Known],
    make: impl FnOnce(&SettingsFile<'_>, &DeTable<'_>) -> Read<T>,
) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let place = Place::File { path: path.into(), line: 0, column: 0 };
        Error::data(vec![Diagnostic::at(UNREADABLE, place, format!("`{}` cannot be read: {error}", path.display()))])
    })?;
    let file = SettingsFile { path, text: &text, checks };
    let table = DeTable::parse(&text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        Error::data(vec![*file.wrong(span, format!("this is not TOML: {}", error.message()))])
    })?;
    make(&file, table.get_ref()).map_err(|diagnostic| Error::data(vec![*diagnostic]))
}

/// Keys and values in the order of the file.
fn entries<'a, 'i>(table: &'a DeTable<'i>) -> Vec<SettingsEntry<'a, 'i>> {
    let mut entries: Vec<SettingsEntry<'a, 'i>> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

impl SettingsFile<'_> {
    fn wrong(&self, span: Range<usize>, message: String) -> Box<Diagnostic> {
        let (line, column) = line_column(self.text, span.start);
        Box::new(Diagnostic::at(SETTINGS, Place::File { path: self.path.into(), line, column }, message))
    }

    fn unknown(&self, key: &Spanned<std::borrow::Cow<'_, str>>, known: &[&str]) -> Box<Diagnostic> {
        let name = key.get_ref();
        let wrong = self.wrong(key.span(), format!("`{name}` is no setting here"));
        Box::new(match nearest(name, known.iter().copied()) {
            Some(near) => wrong.help(format!("did you mean `{near}`?")),
            None => wrong.help(format!("there are {}", known.join(", "))),
        })
    }

    fn not(&self, value: &Spanned<DeValue<'_>>, wanted: &str) -> Box<Diagnostic> {
        self.wrong(value.span(), format!("{wanted} is wanted here, and this is {}", kind(value.get_ref())))
    }

    fn check(&self, name: &str, span: Range<usize>) -> Read<String> {
        if self.checks.iter().any(|check| check.name == name) {
            return Ok(name.to_owned());
        }
        let wrong = self.wrong(span, format!("there is no check `{name}`"));
        Err(Box::new(match nearest(name, self.checks.iter().map(|check| check.name.as_str())) {
            Some(near) => wrong.help(format!("did you mean `{near}`?")),
            None => wrong.help("`argql audit --list` lists them"),
        }))
    }

    fn text_of(&self, value: &Spanned<DeValue<'_>>) -> Read<String> {
        let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty());
        text.map(str::to_owned).ok_or_else(|| self.not(value, "text"))
    }

    fn count(&self, value: &Spanned<DeValue<'_>>) -> Read<usize> {
        let number = value.get_ref().as_integer().filter(|number| number.radix() == 10);
        let number = number.and_then(|number| number.as_str().replace('_', "").parse().ok());
        number.ok_or_else(|| self.not(value, "a count, 0 or more,"))
    }

    fn table<'v, 'i>(&self, value: &'v Spanned<DeValue<'i>>) -> Read<&'v DeTable<'i>> {
        value.get_ref().as_table().ok_or_else(|| self.not(value, "a table"))
    }

    fn list<'v, 'i>(&self, value: &'v Spanned<DeValue<'i>>) -> Read<Vec<&'v Spanned<DeValue<'i>>>> {
        value.get_ref().as_array().map(|items| items.iter().collect()).ok_or_else(|| self.not(value, "a list"))
    }

    /// Names of checks.
    fn names(&self, value: &Spanned<DeValue<'_>>) -> Read<Vec<String>> {
        self.list(value)?.into_iter().map(|item| self.check(&self.text_of(item)?, item.span())).collect()
    }

    /// Names and values of parameters, of one check or of any; values as their text.
    fn parameters(&self, value: &Spanned<DeValue<'_>>, check: Option<&str>) -> Read<Vec<(String, String)>> {
        let checks = self.checks.iter().filter(|known| check.is_none_or(|check| known.name == check));
        let declared: Vec<&str> = checks.flat_map(|known| &known.parameters).map(String::as_str).collect();
        let parameter = |(name, value): SettingsEntry<'_, '_>| {
            if !declared.contains(&name.get_ref().as_ref()) {
                let of = check.map_or(String::new(), |check| format!(" of `{check}`"));
                let wrong = self.wrong(name.span(), format!("there is no parameter `{}`{of}", name.get_ref()));
                return Err(Box::new(match nearest(name.get_ref(), declared.iter().copied()) {
                    Some(near) => wrong.help(format!("did you mean `{near}`?")),
                    None => wrong.help("`argql audit --list` shows them"),
                }));
            }
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
                DeValue::Float(number) => number.as_str().replace('_', ""),
                DeValue::Boolean(truth) => truth.to_string(),
                DeValue::Datetime(moment) => moment.to_string(),
                _ => return Err(self.not(value, "a value")),
            };
            Ok((name.get_ref().to_string(), text))
        };
        entries(self.table(value)?).into_iter().map(parameter).collect()
    }

    fn check_settings(&self, name: String, value: &Spanned<DeValue<'_>>) -> Read<CheckSettings> {
        let mut settings = CheckSettings { name, ..CheckSettings::default() };
        for (key, value) in entries(self.table(value)?) {
            match key.get_ref().as_ref() {
                "max" => settings.max = Some(self.count(value)?),
                "severity" => {
                    let severity = Grade::named(&self.text_of(value)?);
                    settings.severity =
                        Some(severity.ok_or_else(|| {
                            self.wrong(value.span(), format!("a severity is one of {}", Grade::names()))
                        })?);
                }
                "params" => {
                    let check = settings.name.clone();
                    settings.parameters = self.parameters(value, Some(&check))?;
                }
                _ => return Err(self.unknown(key, &["max", "params", "severity"])),
            }
        }
        Ok(settings)
    }

    fn accepted(&self, item: &Spanned<DeValue<'_>>) -> Read<Accepted> {
        let mut given: [Option<String>; 3] = [None, None, None];
        let mut until = None;
        for (key, value) in entries(self.table(item)?) {
            match key.get_ref().as_ref() {
                "check" => given[0] = Some(self.check(&self.text_of(value)?, value.span())?),
                "key" => given[1] = Some(self.text_of(value)?.to_lowercase()),
                "reason" => given[2] = Some(self.text_of(value)?),
                "until" => {
                    let text = match value.get_ref() {
                        DeValue::Datetime(moment) => moment.to_string(),
                        _ => self.text_of(value)?,
                    };
                    let ends = ends(&text)
                        .ok_or_else(|| self.wrong(value.span(), format!("`{text}` is no date, such as 2026-12-31")))?;
                    until = Some((text, ends));
                }
                _ => return Err(self.unknown(key, &["check", "key", "reason", "until"])),
            }
        }
        let missing = |name: &str| self.wrong(item.span(), format!("an accepted finding has no `{name}`"));
        let [check, key, reason] = given;
        let (until, ends) = until.ok_or_else(|| missing("until"))?;
        Ok(Accepted {
            check: check.ok_or_else(|| missing("check"))?,
            key: key.ok_or_else(|| missing("key"))?,
            reason: reason.ok_or_else(|| missing("reason"))?,
            until,
            ends,
        })
    }
}

/// The moment up to which a date lasts: the end of the day, or the moment itself if it is one.
pub(super) fn ends(text: &str) -> Option<DateTime> {
    const DAY: i64 = 864_000_000_000;
    let moment = parse_datetime(text)?;
    let day = text.trim().len() == "2026-12-31".len();
    if day { moment.plus(DAY) } else { Some(moment) }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(text) if text.trim().is_empty() => "empty text",
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "another number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a moment",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks() -> Vec<Known> {
        let known = |name: &str, parameters: &[&str]| Known {
            name: String::from(name),
            parameters: parameters.iter().map(|&name| name.into()).collect(),
        };
        vec![known("exemptions-expiring", &["days"]), known("exemptions-no-expiry", &["since", "on"])]
    }

    fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    /// Line, column, message and help of the complaint.
    fn complaint<T>(result: Result<T, Error>) -> String {
        let Err(error) = result else { return "none".to_owned() };
        let diagnostic = &error.diagnostics()[0];
        let Place::File { line, column, .. } = diagnostic.place else { return "nowhere".to_owned() };
        format!("{line}:{column} {} | {}", diagnostic.message, diagnostic.help.as_deref().unwrap_or_default())
    }

    #[test]
    fn settings_are_read_by_their_names() {
        let (folder, path) = written(
            "baseline = 'ok.toml'\nrows = 1_0\nskip = ['exemptions-expiring']\nparams.days = 14\n\
             [checks.exemptions-no-expiry]\nmax = 3\nseverity = 'low'\nparams = { since = 2026-01-01, on = true }\n",
        );
        let settings = settings(&path, &checks()).unwrap();
        assert_eq!(settings.baseline, Some(folder.path().join("ok.toml")));
        assert_eq!((settings.rows, settings.skip), (Some(10), vec!["exemptions-expiring".to_owned()]));
        assert_eq!(settings.parameters, [("days".to_owned(), "14".to_owned())]);
        let check = &settings.checks[0];
        assert_eq!((check.max, check.severity), (Some(3), Some(Grade::Low)));
        assert_eq!(check.parameters[0], ("since".to_owned(), "2026-01-01".to_owned()));
        assert_eq!(check.parameters[1].1, "true");
    }

    #[test]
    fn what_is_wrong_in_settings_is_said_with_its_place() {
        for (text, said) in [
            ("rows = 5\nskp = []", "2:1 `skp` is no setting here | did you mean `skip`?"),
            ("colour = 1", "1:1 `colour` is no setting here | there are baseline, checks, only, params, rows, skip"),
            (
                "only = ['exemptions-no-expry']",
                "1:9 there is no check `exemptions-no-expry` | did you mean `exemptions-no-expiry`?",
            ),
            ("[checks.expired]\nmax = 1", "1:9 there is no check `expired` | `argql audit --list` lists them"),
            (
                "[checks.exemptions-no-expiry]\nmaximum = 1",
                "2:1 `maximum` is no setting here | there are max, params, severity",
            ),
            (
                "[checks.exemptions-no-expiry]\nmax = -1",
                "2:7 a count, 0 or more, is wanted here, and this is another number | ",
            ),
            ("[checks.exemptions-no-expiry]\nseverity = 'huge'", "2:12 a severity is one of high, medium, low | "),
            ("rows = 'all'", "1:8 a count, 0 or more, is wanted here, and this is text | "),
            ("skip = 'x'", "1:8 a list is wanted here, and this is text | "),
            ("params = 1", "1:10 a table is wanted here, and this is another number | "),
            ("params.dayz = 1", "1:8 there is no parameter `dayz` | did you mean `days`?"),
            (
                "[checks.exemptions-no-expiry]\nparams.days = 1",
                "2:8 there is no parameter `days` of `exemptions-no-expiry` | `argql audit --list` shows them",
            ),
            ("baseline = ''", "1:12 text is wanted here, and this is empty text | "),
        ] {
            let (_folder, path) = written(text);
            assert_eq!(complaint(settings(&path, &checks())), said, "{text}");
        }
        let (_folder, path) = written("rows = \n");
        assert!(complaint(settings(&path, &checks())).contains("this is not TOML"));
        assert!(complaint(settings(Path::new("no/such.toml"), &checks())).contains("cannot be read"));
    }

    #[test]
    fn an_accepted_finding_has_a_key_a_reason_and_an_end() {
        let one = "[[accepted]]\ncheck = 'exemptions-no-expiry'\nkey = '/Subscriptions/A'\nreason = 'why'\n";
        let (_folder, path) = written(&format!("{one}until = 2026-12-31\n"));
        let accepted = baseline(&path, &checks()).unwrap().remove(0);
        assert_eq!(accepted.key, "/subscriptions/a");
        assert_eq!(accepted.ends, parse_datetime("2027-01-01").unwrap());
        for (text, said) in [
            (one.to_owned(), "1:1 an accepted finding has no `until` | "),
            (format!("{one}until = 'soon'"), "5:9 `soon` is no date, such as 2026-12-31 | "),
            (
                format!("{one}until = 2026-12-31\n{one}until = 2027-12-31"),
                "6:1 `/subscriptions/a` of `exemptions-no-expiry` is accepted twice | ",
            ),
            (one.replace("'why'", "''") + "until = 2026-12-31", "4:10 text is wanted here, and this is empty text | "),
            (one.replace("key", "kye") + "until = 2026-12-31", "3:1 `kye` is no setting here | did you mean `key`?"),
            ("[accepted]\n".to_owned(), "1:1 a list is wanted here, and this is a table | "),
        ] {
            let (_folder, path) = written(&text);
            assert_eq!(complaint(baseline(&path, &checks())), said, "{text}");
        }
    }

    #[test]
    fn a_date_lasts_to_the_end_of_its_day() {
        assert_eq!(ends("2026-12-31"), parse_datetime("2027-01-01"));
        assert_eq!(ends("2026-12-31T08:00:00Z"), parse_datetime("2026-12-31T08:00:00Z"));
        assert_eq!(ends("whenever"), None);
    }
}
