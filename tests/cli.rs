//! The consoles of the READMEs and of `tests/cli/*.md` run as they are printed; `TRYCMD=overwrite` renews them.

#[test]
fn consoles_run_as_printed() {
    trycmd::TestCases::new()
        .case("README.md")
        .case("src/cli/README.md")
        .case("queries/README.md")
        .case("tests/cli/*.md");
}
