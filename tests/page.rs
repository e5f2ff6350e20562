//! The page that `--format html` writes, opened in a browser where there is one: its own script runs, sorting works, and
//! nothing of the data is obeyed; no label of a chart is cut off or hides another, on wide and on narrow screens.
//! `.ci/run` sees to it that there is one.
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

fn page(folder: &Path, line: &[&str]) -> String {
    let path = folder.join("page.html");
    let argql = Command::new(env!("CARGO_BIN_EXE_argql")).args(line).arg("--output").arg(&path).output().unwrap();
    assert!(argql.status.success(), "{}", String::from_utf8_lossy(&argql.stderr));
    assert!(argql.stdout.is_empty() && argql.stderr.is_empty());
    std::fs::read_to_string(path).unwrap()
}

/// The page as it stands once it was loaded in a window so wide.
fn loaded(browser: &Path, folder: &Path, page: &str, width: u32) -> String {
    let path = folder.join("loaded.html");
    std::fs::write(&path, page).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(["--virtual-time-budget=2000", "--dump-dom"])
        .arg(format!("--window-size={width},900"))
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// With scripts of others allowed.
fn without_policy(page: &str) -> String {
    let (before, rest) = page.split_once("<meta http-equiv").unwrap();
    format!("{before}{}", rest.split_once("/>").unwrap().1)
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
    let page = page(folder.path(), &["query", QUERY]);
    assert_eq!(first_cells(&page), ["b", "&lt;script&gt;document.title=&quot;obeyed&quot;&lt;/script&gt;", "a"]);

    let as_written = loaded(&browser, folder.path(), &page, 1200);
    assert!(as_written.contains("<title>Three</title>"), "{as_written}");
    assert_eq!(as_written.matches("<button type=\"button\">").count(), 3, "{as_written}");

    // Only our own script may run: an added one does not, unless the policy goes.
    let added = |times: usize, column: usize| {
        let click = format!("document.querySelectorAll('th button')[{column}].click();").repeat(times);
        page.replace("</body>", &format!("<script>{click}</script></body>"))
    };
    let held = loaded(&browser, folder.path(), &added(1, 0), 1200);
    assert_eq!(first_cells(&held)[0], "b");
    let sorted = |times, column| {
        let page = added(times, column);
        let page = loaded(&browser, folder.path(), &without_policy(&page), 1200);
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

/// Says in the title how much is drawn, and what lies beyond its picture or over another label.
const MEASURE: &str = "<script>
const found = [];
let pictures = 0, labels = 0;
for (const svg of document.querySelectorAll('svg')) {
  const around = svg.getBoundingClientRect();
  if (around.width === 0) continue;
  pictures += 1;
  const boxes = [];
  for (const text of svg.querySelectorAll('text')) {
    labels += 1;
    const box = text.getBoundingClientRect(), beyond = 0.5;
    if (box.left < around.left - beyond || box.right > around.right + beyond || box.top < around.top - beyond || box.bottom > around.bottom + beyond)
      found.push('beyond: ' + text.textContent);
    if (!text.closest('g')) boxes.push([box, text.textContent]);
  }
  boxes.forEach(([a, said], at) => boxes.slice(at + 1).forEach(([b, other]) => {
    if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 3)
      found.push('over: ' + said + ' and ' + other);
  }));
}
if (document.documentElement.scrollWidth > innerWidth) found.push('wider than the window');
document.title = [pictures + ' pictures', labels + ' labels', ...found].join('; ');
</script>";

#[test]
fn no_label_is_cut_off_or_hides_another() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let names = "range x from 1 to 18 step 1
        | extend name = case(x == 1, 'WWWWWWWWWW-MMMMMMMMMM-WWWWWWWWWW-MMMMMMMMMM-WWWWWWWWWW-MMMMMMMMMM', x == 2, 'x',
            x == 3, 'Wissenschaftsabteilungsentwicklungsumgebung für Übungen', strcat('contoso-platform-connectivity-westeurope-', x))
        | extend t = datetime(2026-01-01T08:30) + x * 17h, n = (x - 4) * 12345.678
        | project name, t, n";
    let charts = [
        "barchart",
        "columnchart",
        "columnchart with (xcolumn=t)",
        "timechart with (xcolumn=t, ycolumns=n)",
        "areachart with (xcolumn=t)",
        "scatterchart with (xcolumn=t)",
    ];
    let drawn = |chart: &&str| page(folder.path(), &["query", &format!("{names} | render {chart}")]);
    let mut pages: Vec<String> = charts.iter().map(drawn).collect();
    pages.push(page(folder.path(), &["report", "--sample", "--now", "2026-10-01"]));
    for page in pages {
        for width in [400, 1200] {
            let measured = page.replace("</body>", &format!("{MEASURE}</body>"));
            let loaded = loaded(&browser, folder.path(), &without_policy(&measured), width);
            let title = loaded.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
            let said: Vec<&str> = title.split("; ").collect();
            let [pictures, labels, found @ ..] = said.as_slice() else { panic!("{title}") };
            assert!(*pictures != "0 pictures" && *labels != "0 labels", "{title}");
            assert!(found.is_empty(), "at {width}: {title}");
        }
    }
}
