//! Standard output. Where it is a terminal, text from data passes through [`Harmless`]; a file or another program gets
//! every byte as it is.

use std::io::{self, IsTerminal, Write};

use crate::visible_lines;

/// Standard output, for data of any kind.
pub(super) fn stdout() -> Box<dyn Write + Send> {
    harmless(io::stdout())
}

/// Standard output, for pictures in colour: colours are commands, and their drawer makes all of the data visible itself.
pub(super) fn colored_stdout() -> Box<dyn Write + Send> {
    Box::new(io::stdout())
}

/// Where data of any kind is written to; `--output /dev/tty` is a terminal, too.
pub(super) fn harmless(out: impl Write + IsTerminal + Send + 'static) -> Box<dyn Write + Send> {
    if out.is_terminal() { Box::new(Harmless::new(out)) } else { Box::new(out) }
}

/// Makes visible what a terminal could take for a command, whatever the format: JSON passes on U+009B, CSV everything.
struct Harmless<W: Write> {
    out: W,
    /// The beginning of a character of which the rest is still to come.
    begun: Vec<u8>,
}

impl<W: Write> Harmless<W> {
    fn new(out: W) -> Harmless<W> {
        Harmless { out, begun: Vec::new() }
    }
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            // Nothing argql writes is otherwise than UTF-8; if it were, a character of it would be lost, not let through.
            Err(cut) if cut.error_len().is_none() => cut.valid_up_to(),
            Ok(_) | Err(_) => self.begun.len(),
        };
        let text = String::from_utf8_lossy(&self.begun[..whole]);
        self.out.write_all(visible_lines(&text).as_bytes())?;
        self.begun.drain(..whole);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What reaches the terminal of a text that is written in pieces of so many bytes.
    fn reached(text: &str, size: usize) -> String {
        let mut out = Vec::new();
        let mut harmless = Harmless::new(&mut out);
        for piece in text.as_bytes().chunks(size) {
            harmless.write_all(piece).unwrap();
        }
        harmless.flush().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_a_terminal_obeys_gets_through_wherever_the_pieces_end() {
        let text = "größe,漢字\t1\r\n\u{1b}[2J\u{9b}1m\u{7}\u{202e}\u{0}\n";
        for size in 1..12 {
            assert_eq!(reached(text, size), "größe,漢字\t1␍\n␛[2J\u{fffd}1m␇\u{fffd}␀\n", "{size}");
        }
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        let text = "{\"a\": \"é\"}\n\tb\n";
        assert_eq!(reached(text, 3), text);
    }
}
