use super::super::testing::*;
use crate::value::Type;

#[test]
fn case_changes_character_by_character_and_takes_any_type() {
    assert_eq!(answer("tolower", &[text("ÄB-Cd")]), "äb-cd");
    assert_eq!(answer("toupper", &[text("straße")]), "STRAßE");
    assert_eq!(answer("tolower", &[bool(true)]), "true");
    assert_eq!(answer("tolower", &[dynamic(r#"{"A": "B"}"#)]), r#"{"a":"b"}"#);
    assert_eq!(answer("tolower", &[null(Type::Dynamic)]), "");
}

#[test]
fn joining_prints_values_as_tostring_does() {
    assert_eq!(
        answer("strcat", &[text("a"), bool(true), dynamic("true"), null(Type::Long), real(6.0)]),
        "aTruetrue6.0"
    );
    assert_eq!(answer("strcat_delim", &[text("-"), text("a"), text(""), text("b")]), "a--b");
    assert_eq!(answer("strcat_array", &[dynamic(r#"[1, "a", null, true, [1]]"#), text("->")]), "1->a->->true->[1]");
    assert_eq!(answer("strcat_array", &[dynamic("\"a\""), text("->")]), "a");
    assert_eq!(answer("strcat_array", &[null(Type::Dynamic), text("->")]), "");
}

#[test]
fn parts_count_characters_from_either_end() {
    let part = |start, length| answer("substring", &[text("abcdefg"), long(start), long(length)]);
    assert_eq!(part(-3, 2), "ef");
    assert_eq!(part(-10, 3), "");
    assert_eq!(part(3, 100), "defg");
    assert_eq!(part(1, -1), "");
    assert_eq!(part(1, 0), "");
    assert_eq!(part(9, 1), "");
    assert_eq!(answer("substring", &[text("äöü"), long(1)]), "öü");
    assert_eq!(answer("substring", &[text("abc"), null(Type::Long)]), "");
}

#[test]
fn split_gives_an_array_and_with_an_index_an_array_of_one() {
    let split = |source, delimiter| answer("split", &[text(source), text(delimiter)]);
    assert_eq!(split("a_b__c", "_"), r#"["a","b","","c"]"#);
    assert_eq!(split("", "_"), r#"[""]"#);
    assert_eq!(split("abc", ""), r#"["abc"]"#);
    assert_eq!(answer("split", &[text("aaa_bbb"), text("_"), long(1)]), r#"["bbb"]"#);
    assert_eq!(answer("split", &[text("aaa_bbb"), text("_"), long(2)]), "null");
    assert_eq!(answer("split", &[text("aaa"), text(""), long(0)]), "null");
}

#[test]
fn a_position_is_that_of_a_character_within_the_stretch() {
    let at = |start, length, occurrence| {
        answer("indexof", &[text("abcdefgabcdefg"), text("cde"), long(start), long(length), long(occurrence)])
    };
    assert_eq!(at(0, -1, 1), "2");
    assert_eq!(at(1, 10, 2), "9");
    assert_eq!(at(1, 3, 2), "-1");
    assert_eq!(at(1, -1, 2), "9");
    assert_eq!(at(1, 3, 1), "-1");
    assert_eq!(at(-5, -1, 1), "9");
    assert_eq!(at(99, -1, 1), "-1");
    assert_eq!(at(0, -2, 1), "null");
    assert_eq!(answer("indexof", &[text("äb"), text("b")]), "1");
    assert_eq!(answer("indexof", &[long(1234), long(3)]), "2");
}

#[test]
fn replacing_goes_by_the_order_of_the_lookups() {
    let replaced =
        |lookups, rewrites| answer("replace_strings", &[text("This is it"), dynamic(lookups), dynamic(rewrites)]);
    assert_eq!(replaced(r#"["This", "is"]"#, r#"["This", "was"]"#), "This was it");
    assert_eq!(replaced(r#"["is", "This"]"#, r#"["was", "This"]"#), "Thwas was it");
    assert_eq!(replaced(r#"["This", "is"]"#, r#"[1, "was"]"#), "This was it");
    assert_eq!(replaced(r#"["This"]"#, "[]"), "");
    assert_eq!(answer("replace_string", &[text("aaa"), text("a"), text("aa")]), "aaaaaa");
    assert_eq!(answer("replace_string", &[text("abc"), text(""), text("x")]), "abc");
}

#[test]
fn small_ones() {
    assert_eq!(answer("strlen", &[text("⒦⒰⒮")]), "3");
    assert_eq!(answer("string_size", &[text("⒦⒰⒮")]), "9");
    assert_eq!(answer("reverse", &[real(1.5)]), "5.1");
    assert_eq!(answer("strcmp", &[text("abcde"), text("abc")]), "1");
    assert_eq!(answer("strrep", &[text("ab"), long(-1)]), "");
    assert_eq!(answer("translate", &[text("ab"), text(""), text("abc")]), "c");
    assert_eq!(answer("has_any_index", &[text("this is it"), dynamic(r#"["hi", "IT"]"#)]), "1");
}
