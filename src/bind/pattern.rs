//! Names with wildcards.

use crate::syntax::ast::Pattern;

impl Pattern {
    /// Whether it stands for this (case-sensitive) name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        if self.is_wild() { wild(&self.name.text, name) } else { self.name.text == name }
    }

    /// Whether it stands for this name in whatever letter case, as the names of tables are found.
    pub(crate) fn matches_in_any_case(&self, name: &str) -> bool {
        wild(&self.name.text.to_lowercase(), &name.to_lowercase())
    }
}

/// Whether `*` in `pattern` can stand for something that makes it `name`.
fn wild(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text_and_parts_keep_their_order() {
        assert!(wild("*", "") && wild("a*", "a") && wild("*id", "resourceid") && wild("a*c*e", "abcde"));
        assert!(!wild("a*a", "a") && !wild("*id", "idx") && !wild("b*", "ab"));
    }
}
