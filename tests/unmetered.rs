//! A program whose allocator does not count bytes has no limit for them, and hears of it when it sets one.
#![cfg(not(feature = "meter"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use argql::{Engine, Limits};

#[test]
fn a_limit_that_cannot_hold_is_refused() {
    assert_eq!(Limits::default().memory, None);
    assert_eq!(Engine::new().query("print 1").unwrap().len(), 1);
    let mut limits = Limits::default();
    limits.memory = Some(1 << 30);
    let error = Engine::new().limits(limits).query("print 1").unwrap_err();
    assert!(error.is_limit());
    let [only] = error.diagnostics() else { panic!("one reason: {error}") };
    assert_eq!(only.code.id, "AQ4007");
    assert_eq!(only.message, "there is a limit for memory, and this program's allocator does not count");
    assert!(only.help.as_deref().is_some_and(|help| help.contains("`meter`")));
}
