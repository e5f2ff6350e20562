use super::super::testing::*;
use crate::value::Type;

#[test]
fn only_arrays_have_a_length() {
    assert_eq!(answer("array_length", &[dynamic(r#"[1, [2, 3], "a,b"]"#)]), "3");
    assert_eq!(answer("array_length", &[dynamic("[]")]), "0");
    for other in ["{\"a\": 1}", "\"[1]\"", "5"] {
        assert_eq!(answer("array_length", &[dynamic(other)]), "null", "{other}");
    }
    assert_eq!(answer("array_length", &[null(Type::Dynamic)]), "null");
}

#[test]
fn a_slice_includes_both_ends_and_counts_from_either() {
    let slice = |start, end| answer("array_slice", &[dynamic("[1, 2, 3, 4, 5]"), long(start), long(end)]);
    assert_eq!(slice(1, 2), "[2,3]");
    assert_eq!(slice(2, -1), "[3,4,5]");
    assert_eq!(slice(-3, -2), "[3,4]");
    assert_eq!(slice(-10, 1), "[1,2]");
    assert_eq!(slice(7, 9), "[]");
    assert_eq!(slice(2, 1), "[]");
    assert_eq!(slice(0, -9), "[]");
}

#[test]
fn packed_values_keep_their_kind() {
    let packed = [int(1), text("2"), span("00:00:03"), null(Type::Long), dynamic("[4]"), bool(true)];
    assert_eq!(answer("pack_array", &packed), r#"[1,"2","00:00:03",null,[4],true]"#);
}

#[test]
fn sets_keep_the_order_of_first_appearance() {
    let (a, b) = (dynamic(r#"[3, 1, 3, "a"]"#), dynamic(r#"["a", 2, 1.0]"#));
    assert_eq!(answer("set_union", &[a.clone(), b.clone()]), r#"[3,1,"a",2]"#);
    assert_eq!(answer("set_intersect", &[a.clone(), b.clone()]), r#"[1,"a"]"#);
    assert_eq!(answer("set_difference", &[a.clone(), b.clone()]), "[3]");
    assert_eq!(answer("set_union", &[a.clone(), null(Type::Dynamic)]), "null");
    assert_eq!(answer("set_has_element", &[a.clone(), text("a")]), "True");
    assert_eq!(answer("set_has_element", &[a, text("A")]), "False");
    assert_eq!(answer("jaccard_index", &[dynamic("[1, 2, 3]"), dynamic("[1, 2, 3, 4]")]), "0.75");
}

#[test]
fn sorting_puts_nulls_last_either_way_unless_told() {
    let array = || dynamic(r#"[null, "b", 2, "a", null]"#);
    assert_eq!(answer("array_sort_asc", &[array()]), r#"[2,"a","b",null,null]"#);
    assert_eq!(answer("array_sort_desc", &[array()]), r#"["b","a",2,null,null]"#);
    assert_eq!(answer("array_sort_asc", &[array(), bool(false)]), r#"[null,null,2,"a","b"]"#);
    let along = [array(), dynamic("[1, 2, 3, 4, 5]"), dynamic("[1]"), bool(false)];
    assert_eq!(answer("array_sort_asc", &along), r#"[[null,null,2,"a","b"],[1,5,3,4,2],null]"#);
}

#[test]
fn an_element_is_found_within_a_stretch() {
    let at = |rest: &[Arg]| answer("array_index_of", &[&[dynamic(r#"["a", "b", "a"]"#), text("a")], rest].concat());
    assert_eq!(at(&[]), "0");
    assert_eq!(at(&[long(1)]), "2");
    assert_eq!(at(&[long(-1)]), "2");
    assert_eq!(at(&[long(0), long(1), long(2)]), "-1");
    assert_eq!(at(&[long(0), long(-1), long(2)]), "2");
    assert_eq!(at(&[long(0), long(-2)]), "null");
    assert_eq!(at(&[long(0), long(-1), long(-1)]), "null");
}

#[test]
fn ranges_include_their_end_and_step_either_way() {
    assert_eq!(answer("range", &[long(1), long(8), long(3)]), "[1,4,7]");
    assert_eq!(answer("range", &[long(3), long(1), long(-1)]), "[3,2,1]");
    assert_eq!(answer("range", &[long(3), long(1)]), "[]");
    assert_eq!(answer("range", &[long(1), long(2), real(0.5)]), "[1.0,1.5,2.0]");
    assert_eq!(answer("range", &[long(1), long(2), long(0)]), "[]");
    let days = answer("range", &[moment("2025-01-01"), moment("2025-01-02"), span("1.00:00:00")]);
    assert_eq!(days, r#"["2025-01-01T00:00:00.0000000Z","2025-01-02T00:00:00.0000000Z"]"#);
}

#[test]
fn moving_elements() {
    let five = || dynamic("[1, 2, 3, 4, 5]");
    assert_eq!(answer("array_rotate_left", &[five(), long(2)]), "[3,4,5,1,2]");
    assert_eq!(answer("array_rotate_left", &[five(), long(-2)]), "[4,5,1,2,3]");
    assert_eq!(answer("array_rotate_right", &[five(), long(7)]), "[4,5,1,2,3]");
    assert_eq!(answer("array_shift_left", &[five(), long(2), long(-1)]), "[3,4,5,-1,-1]");
    assert_eq!(answer("array_shift_left", &[five(), long(-2), long(-1)]), "[-1,-1,1,2,3]");
    assert_eq!(answer("array_shift_right", &[five(), long(9)]), "[null,null,null,null,null]");
    assert_eq!(answer("array_split", &[five(), dynamic("[1, 3]")]), "[[1],[2,3],[4,5]]");
    assert_eq!(answer("array_split", &[five(), long(-2)]), "[[1,2,3],[4,5]]");
    assert_eq!(answer("array_rotate_left", &[dynamic("[]"), long(2)]), "[]");
}

#[test]
fn conditions_choose_elements() {
    let chosen = |conditions, yes, no| answer("array_iff", &[dynamic(conditions), yes, no]);
    assert_eq!(chosen("[true, false, null]", dynamic("[1, 2, 3]"), dynamic("[4, 5, 6]")), "[1,5,null]");
    assert_eq!(chosen("[1, 0]", text("yes"), text("no")), r#"["yes","no"]"#);
    assert_eq!(chosen("[true, true]", dynamic("[1]"), text("no")), "[1,null]");
}
