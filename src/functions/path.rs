//! Paths of files and command lines, taken apart.

use std::sync::Arc;

use super::cells::text;
use crate::registry::*;
use crate::value::{Type, Value};

/// The functions of this file.
pub(super) const FAMILY: &[&Scalar] = &[&PARSE_PATH, &PARSE_COMMAND_LINE];

const PARSE_PATH: Scalar = Scalar {
    name: "parse_path",
    params: &[string("path")],
    returns: Returns::Is(Type::Dynamic),
    about: "The parts of the `path` of a file, of Windows or Unix: scheme, root, folders, name, extension and stream.",
    examples: &[
        Example { query: r"print parse_path(@'C:\temp\file.txt').DirectoryPath", result: r"C:\temp" },
        Example { query: "print parse_path('file://C:/temp/a.txt:b.exe').AlternateDataStreamName", result: "b.exe" },
    ],
    kernel: KernelDef::Plain(|cells, out| out.owned(parts(text(cells[0])))),
    ..Scalar::PLAIN
};

fn parts(path: &str) -> Value {
    let (scheme, rest) = path.split_once("://").unwrap_or(("", path));
    let slash = |c: char| c == '/' || c == '\\';
    let is_drive =
        |text: &str| text.len() == 2 && text.ends_with(':') && text.starts_with(|c: char| c.is_ascii_alphabetic());
    let root =
        rest.split(slash).find(|part| !part.is_empty() && *part != "?" && *part != ".").filter(|part| is_drive(part));
    let (folders, name) = rest.rfind(slash).map_or(("", rest), |at| (&rest[..at], &rest[at + 1..]));
    let (name, stream) = name.split_once(':').unwrap_or((name, ""));
    let folder = folders.rsplit(slash).next().filter(|folder| !is_drive(folder)).unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let pairs = [
        ("Scheme", scheme),
        ("RootPath", root.unwrap_or_default()),
        ("DirectoryPath", folders),
        ("DirectoryName", folder),
        ("Filename", name),
        ("Extension", extension),
        ("AlternateDataStreamName", stream),
    ];
    Value::Bag(Arc::new(pairs.into_iter().map(|(key, value)| (Arc::from(key), Value::from(value))).collect()))
}

const PARSE_COMMAND_LINE: Scalar = Scalar {
    name: "parse_command_line",
    params: &[string("command_line"), string("parser_type").constant()],
    returns: Returns::Is(Type::Dynamic),
    about: "The arguments of a `command_line`, program first, as Windows cuts it; `parser_type` is 'windows'.",
    examples: &[Example {
        query: r#"print parse_command_line('echo "hello world!" a\\b', 'windows')"#,
        result: r#"["echo","hello world!","a\\b"]"#,
    }],
    kernel: KernelDef::Prepared(|args| match args.text(1) {
        Some(parser) if parser.eq_ignore_ascii_case("windows") => Ok(Box::new(|cells, out| {
            let line = text(cells[0]);
            if line.trim().is_empty() {
                return out.null();
            }
            out.owned(Value::Array(Arc::new(arguments(line).iter().map(|text| Value::from(text.as_str())).collect())));
        })),
        _ => Err(ArgumentFault {
            help: Some("write 'windows'".to_owned()),
            ..ArgumentFault::new(1, "there is one parser of command lines")
        }),
    }),
    ..Scalar::PLAIN
};

/// As `CommandLineToArgvW`: the program ends at a blank or its closing quote and knows no backslashes; in arguments, two
/// backslashes before a quote are one, a third makes it a plain character, and two quotes within quotes are one.
fn arguments(line: &str) -> Vec<String> {
    let blank = |c: char| c == ' ' || c == '\t';
    let (program, mut rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
        None => line.find(blank).map_or((line, ""), |at| line.split_at(at)),
    };
    let mut arguments = vec![program.to_owned()];
    loop {
        rest = rest.trim_start_matches(blank);
        if rest.is_empty() {
            return arguments;
        }
        let (mut argument, mut quoted) = (String::new(), false);
        while let Some(c) = rest.chars().next().filter(|&c| quoted || !blank(c)) {
            let behind = rest.trim_start_matches('\\');
            let backslashes = rest.len() - behind.len();
            rest = behind;
            if !rest.starts_with('"') {
                argument.extend(std::iter::repeat_n('\\', backslashes));
                if backslashes == 0 {
                    argument.push(c);
                    rest = &rest[c.len_utf8()..];
                }
                continue;
            }
            argument.extend(std::iter::repeat_n('\\', backslashes / 2));
            rest = &rest[1..];
            if backslashes % 2 == 1 {
                argument.push('"');
            } else if quoted && rest.starts_with('"') {
                argument.push('"');
                rest = &rest[1..];
            } else {
                quoted = !quoted;
            }
        }
        arguments.push(argument);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;

    #[test]
    fn paths_of_windows_unix_and_addresses() {
        let parts = |path: &str| answer("parse_path", &[text(path)]);
        assert_eq!(
            parts("C:\\temp\\file.txt"),
            r#"{"Scheme":"","RootPath":"C:","DirectoryPath":"C:\\temp","DirectoryName":"temp","Filename":"file.txt","Extension":"txt","AlternateDataStreamName":""}"#
        );
        assert_eq!(
            parts("\\\\shared\\users\\temp\\file.txt.gz"),
            r#"{"Scheme":"","RootPath":"","DirectoryPath":"\\\\shared\\users\\temp","DirectoryName":"temp","Filename":"file.txt.gz","Extension":"gz","AlternateDataStreamName":""}"#
        );
        assert_eq!(
            parts("file://C:/temp/file.txt:some.exe"),
            r#"{"Scheme":"file","RootPath":"C:","DirectoryPath":"C:/temp","DirectoryName":"temp","Filename":"file.txt","Extension":"txt","AlternateDataStreamName":"some.exe"}"#
        );
        assert_eq!(
            parts("/usr/lib/temp/file"),
            r#"{"Scheme":"","RootPath":"","DirectoryPath":"/usr/lib/temp","DirectoryName":"temp","Filename":"file","Extension":"","AlternateDataStreamName":""}"#
        );
    }

    #[test]
    fn command_lines_as_windows_cuts_them() {
        let cut = |line: &str| answer("parse_command_line", &[text(line), text("windows")]);
        assert_eq!(cut(r#"echo "hello world!""#), r#"["echo","hello world!"]"#);
        // The table of Microsoft's page on parsing arguments.
        assert_eq!(cut(r#"x "abc" d e"#), r#"["x","abc","d","e"]"#);
        assert_eq!(cut(r#"x a\\b d"e f"g h"#), r#"["x","a\\\\b","de fg","h"]"#);
        assert_eq!(cut(r#"x a\\\"b c d"#), r#"["x","a\\\"b","c","d"]"#);
        assert_eq!(cut(r#"x a\\\\"b c" d e"#), r#"["x","a\\\\b c","d","e"]"#);
        assert_eq!(cut(r#""C:\a b\c.exe" "" \"#), r#"["C:\\a b\\c.exe","","\\"]"#);
        assert_eq!(cut("  "), "null");
        assert!(refusal("parse_command_line", &[text("a"), text("unix")]).contains("one parser"));
    }
}
