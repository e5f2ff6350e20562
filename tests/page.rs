//! The page that `--format html` writes, opened in a browser where there is one: its own script runs, sorting works, and
//! nothing of the data is obeyed. `.ci/run` sees to it that there is one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

const QUERY: &str = "datatable(name: string, n: long, took: timespan)
    ['b', 10, 2h, '<script>document.title=\"obeyed\"</script>', 9, 1d, 'a', long(null), 30m]
    | render columnchart with (title = 'Three')";

fn browser() -> Option<PathBuf> {
    let known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    known.iter().map(PathBuf::from).find(|path| path.exists())
}

fn page(folder: &Path) -> String {
    let path = folder.join("page.html");
    let argql =
        Command::new(env!("CARGO_BIN_EXE_argql")).args(["query", QUERY, "--output"]).arg(&path).output().unwrap();
    assert!(argql.status.success(), "{}", String::from_utf8_lossy(&argql.stderr));
    assert!(argql.stdout.is_empty() && argql.stderr.is_empty());
    std::fs::read_to_string(path).unwrap()
}

/// The page as it stands once it was loaded.
fn loaded(browser: &Path, folder: &Path, page: &str) -> String {
    let path = folder.join("loaded.html");
    std::fs::write(&path, page).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--virtual-time-budget=2000", "--dump-dom"])
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The first cell of every row, in order.
fn first_cells(page: &str) -> Vec<&str> {
    let body = page.split_once("<tbody>").unwrap().1;
    body.split("<tr>").skip(1).map(|row| row.split(['>', '<']).nth(2).unwrap()).collect()
}

#[test]
fn a_page_works_in_a_browser() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path());
    assert_eq!(first_cells(&page), ["b", "&lt;script&gt;document.title=&quot;obeyed&quot;&lt;/script&gt;", "a"]);

    let as_written = loaded(&browser, folder.path(), &page);
    assert!(as_written.contains("<title>Three</title>"), "{as_written}");
    assert_eq!(as_written.matches("<button type=\"button\">").count(), 3, "{as_written}");

    // Only our own script may run: an added one does not, unless the policy goes.
    let added = |times: usize, column: usize| {
        let click = format!("document.querySelectorAll('th button')[{column}].click();").repeat(times);
        page.replace("</body>", &format!("<script>{click}</script></body>"))
    };
    let held = loaded(&browser, folder.path(), &added(1, 0));
    assert_eq!(first_cells(&held)[0], "b");
    let sorted = |times, column| {
        let page = added(times, column);
        let (before, rest) = page.split_once("<meta http-equiv").unwrap();
        let open = format!("{before}{}", rest.split_once("/>").unwrap().1);
        let page = loaded(&browser, folder.path(), &open);
        first_cells(&page).into_iter().map(|cell| cell.chars().next().unwrap()).collect::<String>()
    };
    assert_eq!(sorted(1, 0), "&ab");
    assert_eq!(sorted(2, 0), "ba&");
    // Numbers as numbers, and what is empty last either way.
    assert_eq!(sorted(1, 1), "&ba");
    assert_eq!(sorted(2, 1), "b&a");
    // Spans by their length, not by their text.
    assert_eq!(sorted(1, 2), "ab&");
}
