//! How values are written as text.

use super::ValueRef;

/// Appends the text of a dynamic or typed cell as `tostring` and `strcat` print it (a dynamic bool is `true`).
pub(crate) fn write_text(out: &mut String, value: ValueRef<'_>) {
    let _ = (out, value);
    unimplemented!()
}
