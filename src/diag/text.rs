//! The text of a query: as it was written, and as it is read once its includes are put in. Diagnostics are made about
//! the text that is read; here they find back to the file, line and column that somebody wrote.

use std::path::PathBuf;

use super::{Diagnostic, Place, Span, line_column};

/// A query with its name, and what it includes.
#[derive(Clone, Debug)]
pub(crate) struct QueryText {
    /// Every file with its name; the query itself is the first.
    files: Vec<(String, String)>,
    /// Where the text that is read comes from; none if it is the query as written.
    pieces: Vec<TextPiece>,
    read: String,
}

/// A stretch of the text that is read.
#[derive(Clone, Copy, Debug)]
struct TextPiece {
    /// Offset in the text that is read.
    start: usize,
    /// Index of the file it is from.
    file: usize,
    /// Offset in that file.
    at: usize,
}

impl QueryText {
    /// A query that includes nothing.
    pub(crate) fn new(name: &str, text: &str) -> QueryText {
        let files = vec![(name.to_owned(), text.to_owned())];
        QueryText { files, pieces: Vec::new(), read: text.to_owned() }
    }

    /// A query made of stretches of these files, each named by its file's index.
    pub(crate) fn of_pieces(files: Vec<(String, String)>, stretches: &[(usize, Span)]) -> QueryText {
        let (mut pieces, mut read) = (Vec::new(), String::new());
        for &(file, span) in stretches {
            pieces.push(TextPiece { start: read.len(), file, at: span.start });
            read.push_str(&files[file].1[span.range()]);
        }
        QueryText { files, pieces, read }
    }

    /// The query, read after another text.
    pub(crate) fn behind(mut self, name: &str, text: &str) -> QueryText {
        if self.pieces.is_empty() {
            self.pieces.push(TextPiece { start: 0, file: 0, at: 0 });
        }
        self.pieces.iter_mut().for_each(|piece| piece.start += text.len());
        self.pieces.insert(0, TextPiece { start: 0, file: self.files.len(), at: 0 });
        self.files.push((name.to_owned(), text.to_owned()));
        self.read.insert_str(0, text);
        self
    }

    /// What diagnostics call the query.
    pub(crate) fn name(&self) -> &str {
        &self.files[0].0
    }

    /// The query as it was written.
    pub(crate) fn written(&self) -> &str {
        &self.files[0].1
    }

    /// The query as it is read: it includes nothing.
    pub(crate) fn read(&self) -> &str {
        &self.read
    }

    /// The complaint at the place that somebody wrote: in the query as written, or in the file it includes.
    pub(crate) fn placed(&self, diagnostic: Diagnostic) -> Diagnostic {
        let Place::Query(span) = diagnostic.place else { return diagnostic };
        let Some(piece) = self.pieces.iter().rfind(|piece| piece.start <= span.start) else { return diagnostic };
        let moved = |offset: usize| (offset - piece.start + piece.at).min(self.files[piece.file].1.len());
        let (start, end) = (moved(span.start), moved(span.end.max(span.start)));
        let place = if piece.file == 0 {
            Place::Query(Span { start, end })
        } else {
            let (name, text) = &self.files[piece.file];
            let (line, column) = line_column(text, start);
            Place::File { path: PathBuf::from(name), line, column }
        };
        Diagnostic { place, ..diagnostic }
    }
}

#[cfg(test)]
mod tests {
    use super::super::UNKNOWN_COLUMN;
    use super::*;

    #[test]
    fn a_complaint_finds_back_to_the_file_it_is_about() {
        let files = vec![
            ("q.kql".to_owned(), "// include: f\nT | take 1".to_owned()),
            ("f.kql".to_owned(), "// é\nlet T = U;\n".to_owned()),
        ];
        let span = |start, end| Span { start, end };
        let text = QueryText::of_pieces(files, &[(0, span(0, 14)), (1, span(6, 17)), (0, span(14, 24))]);
        assert_eq!(text.read(), "// include: f\nlet T = U;\nT | take 1");
        let placed = |word: &str| {
            let start = text.read().find(word).unwrap();
            text.placed(Diagnostic::error(UNKNOWN_COLUMN, span(start, start + word.len()), "m")).place
        };
        assert_eq!(placed("take"), Place::Query(span(18, 22)));
        assert_eq!(placed("U"), Place::File { path: "f.kql".into(), line: 2, column: 9 });
        assert_eq!(placed("include"), Place::Query(span(3, 10)));
        let at_the_end = Diagnostic::error(UNKNOWN_COLUMN, span(35, 35), "m");
        assert_eq!(text.placed(at_the_end).place, Place::Query(span(24, 24)));
    }
}
