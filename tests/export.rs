//! The script that `argql export` prints is run here by bash, with a stand-in for the Azure CLI (`tests/export/az`) and
//! for `sleep`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const THROTTLED: &str = r#"ERROR: {
    "code": "RateLimiting",
    "message": "Client application has been throttled"
}
"#;

/// A folder with the stand-ins, their data and the export.
struct World {
    root: TempDir,
}

impl World {
    fn new() -> World {
        let world = World { root: tempfile::tempdir().unwrap() };
        for folder in ["bin", "pages", "faults"] {
            fs::create_dir(world.at(folder)).unwrap();
        }
        let az = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/az");
        std::os::unix::fs::symlink(az, world.at("bin/az")).unwrap();
        let sleep = world.at("bin/sleep");
        fs::write(&sleep, "#!/bin/sh\necho \"$1\" >>\"$FAKE/slept\"\n").unwrap();
        fs::set_permissions(&sleep, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        fs::write(world.at("tenant"), "tenant-1\r\n").unwrap();
        fs::write(world.at("extension"), "").unwrap();
        world
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_default()
    }

    /// Serves `rows` of a table, so many on each page, as `az` writes them; `missing` more are counted, but not there.
    fn serve(&self, table: &str, pages: &[usize], missing: usize) {
        let total: usize = pages.iter().sum::<usize>() + missing;
        let mut id = 0;
        for (number, &rows) in (1..).zip(pages) {
            let token = (number < pages.len()).then(|| ["dDI=", "dDM="][number - 1]);
            let data: Vec<Value> = (0..rows)
                .map(|_| {
                    id += 1;
                    // Text and fields that look like those of the page.
                    let trap =
                        json!({"count": 9, "note": "}\n  \"skip_token\": \"x\",\n    {", "list": [{}, {"data": []}]});
                    json!({"id": format!("/{table}/{id:04}"), "type": "t", "properties": trap, "skip_token": "no"})
                })
                .collect();
            let page = json!({"count": rows, "data": data, "skip_token": token, "total_records": total});
            let text = serde_json::to_string_pretty(&page).unwrap() + "\n";
            fs::write(self.at(&format!("pages/{table}-{number}.json")), text).unwrap();
        }
    }

    /// Something that goes wrong before a page is served; several in the order of their names.
    fn fault(&self, name: &str, text: &str) {
        fs::write(self.at(&format!("faults/{name}")), text).unwrap();
    }

    fn argql(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_argql")).args(args).current_dir(self.root.path()).output().unwrap()
    }

    /// Runs the script for these tables, itself given these words; it comes through a pipe.
    fn export(&self, tables: &[&str], words: &[&str]) -> Output {
        let printed = self.argql(&[&["export", "--script", "bash"], tables].concat());
        assert!(printed.status.success());
        let path = std::env::join_paths(
            std::iter::once(self.at("bin")).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let mut bash = Command::new("bash")
            .args(["-s", "--"])
            .args(words)
            .current_dir(self.root.path())
            .env("PATH", path.unwrap())
            .env("FAKE", self.root.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        bash.stdin.take().unwrap().write_all(&printed.stdout).unwrap();
        bash.wait_with_output().unwrap()
    }

    /// What is in the export, hidden entries and all.
    fn files(&self) -> Vec<String> {
        let (mut folders, mut files) = (vec![self.at("export")], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(self.at("export")).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        files.sort();
        files
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn report(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn all_pages_of_the_usual_tables_arrive_through_throttling_and_broken_pages() {
    let world = World::new();
    world.serve("securityresources", &[5, 5, 2], 0);
    world.serve("policyresources", &[3], 0);
    world.serve("resourcecontainers", &[0], 0);
    world.serve("resources", &[2, 1], 0);
    world.fault("securityresources-2-a.stderr", THROTTLED);
    world.fault("securityresources-2-b.stderr", "ERROR: Too Many Requests, retry after 17 seconds\n");
    world.fault("securityresources-2-c.stderr", "ERROR: (429) x-ms-user-quota-resets-after: 00:01:09\n");
    let half: String = world.text("pages/resources-1.json").chars().take(150).collect();
    world.fault("resources-1-a.stdout", &half);
    world.fault("resources-1-b.stderr", "ERROR: Connection aborted.\n");

    let output = world.export(&[], &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(
        report(&output),
        "securityresources                   12 rows, pages: 3, complete\n\
         policyresources                      3 rows, pages: 1, complete\n\
         resourcecontainers                   0 rows, pages: 1, complete\n\
         resources                            3 rows, pages: 2, complete\n"
    );
    assert_eq!(world.text("slept"), "5\n17\n69\n5\n10\n");
    assert_eq!(
        world.files(),
        [
            "policyresources/policyresources-0001.json",
            "resourcecontainers/resourcecontainers-0001.json",
            "resources/resources-0001.json",
            "resources/resources-0002.json",
            "securityresources/securityresources-0001.json",
            "securityresources/securityresources-0002.json",
            "securityresources/securityresources-0003.json",
        ]
    );
    // Without a scope it is the tenant's root group: else what is exempted at management groups would be left out.
    assert!(world.text("calls").lines().all(|call| call.contains("--first 1000 -o json --management-groups tenant-1")));

    let count = "securityresources | summarize n = dcount(id) | union (resourcecontainers | count)";
    let answer = world.argql(&["query", "--data", "export", "--format", "ndjson", count]);
    assert_eq!(report(&answer), "{\"n\":12,\"Count\":null}\n{\"n\":null,\"Count\":0}\n", "{}", said(&answer));
    assert_eq!(said(&answer), "");
}

#[test]
fn a_second_export_takes_the_place_of_the_first_and_leaves_no_old_page() {
    let world = World::new();
    world.serve("resources", &[2, 2, 2], 0);
    assert!(world.export(&["resources"], &[]).status.success());
    world.serve("resources", &[1], 0);
    assert!(world.export(&["resources"], &[]).status.success());
    assert_eq!(world.files(), ["resources/resources-0001.json"]);
}

#[test]
fn a_table_that_cannot_be_fetched_stays_as_it_was_and_the_others_are_fetched() {
    let world = World::new();
    world.serve("resources", &[2], 0);
    assert!(world.export(&["resources"], &[]).status.success());
    let before = world.text("export/resources/resources-0001.json");
    world.serve("resources", &[1, 1], 0);
    fs::remove_file(world.at("pages/resources-2.json")).unwrap();
    world.serve("healthresources", &[1], 0);

    let output = world.export(&["resources", "healthresources"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("AccessDenied: no right to read resources\n"), "{}", said(&output));
    assert!(said(&output).contains("not fetched: resources;"), "{}", said(&output));
    assert!(
        report(&output).starts_with("resources                    not fetched\nhealthresources"),
        "{}",
        report(&output)
    );
    assert_eq!(world.text("export/resources/resources-0001.json"), before);
    assert_eq!(world.files(), ["healthresources/healthresources-0001.json", "resources/resources-0001.json"]);
    assert_eq!(world.text("slept"), "");
}

#[test]
fn throttling_without_end_is_given_up() {
    let world = World::new();
    for letter in 'a'..='z' {
        world.fault(&format!("resources-1-{letter}.stderr"), THROTTLED);
    }
    let output = world.export(&["resources"], &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("resources: Azure is throttling, 10 times: given up"), "{}", said(&output));
    assert_eq!(world.text("slept"), "5\n10\n20\n40\n60\n60\n60\n60\n60\n");
    assert!(world.files().is_empty());
}

#[test]
fn fewer_rows_than_azure_counts_are_asked_for_again_and_then_said() {
    let world = World::new();
    world.serve("resources", &[2, 1], 1);
    let output = world.export(&["resources"], &[]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(report(&output), "resources                            3 rows, pages: 2, INCOMPLETE: Azure says 4\n");
    assert!(said(&output).contains("resources: 3 rows of 4, once more from the start\n"), "{}", said(&output));
    // argql warns of it, too, whenever the table is read.
    let answer = world.argql(&["query", "--data", "export", "resources | count"]);
    assert!(said(&answer).contains("AQ3006"), "{}", said(&answer));
}

#[test]
fn scopes_are_handed_on_and_lists_that_az_cuts_are_refused() {
    for (words, scope) in [
        (&["--management-group", "corp", "--management-group", "lab x"][..], "--management-groups corp lab x"),
        (&["--subscription", "s1", "--subscription", "s2"], "--subscriptions s1 s2"),
        (&["--all-subscriptions"], "-o json"),
    ] {
        let world = World::new();
        world.serve("resources", &[1], 0);
        let output = world.export(&["securityresources"], &[words, &["--output", "export", "Resources"]].concat());
        assert!(output.status.success(), "{}", said(&output));
        assert!(world.text("calls").trim_end().ends_with(scope), "{}", world.text("calls"));
        assert_eq!(world.files(), ["resources/resources-0001.json"]);
    }
    let world = World::new();
    let cut = "WARNING: The query included more subscriptions than allowed. Only the first 1000 were included.\n";
    fs::write(world.at("cut"), cut).unwrap();
    fs::remove_file(world.at("bin/az")).unwrap();
    let az = "#!/bin/sh\ncase $1 in graph) cat \"$FAKE/cut\" >&2;; *) echo t;; esac\n";
    fs::write(world.at("bin/az"), az).unwrap();
    fs::set_permissions(world.at("bin/az"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = world.export(&["resources"], &["--all-subscriptions"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("Only the first 1000"), "{}", said(&output));
}

#[test]
fn wrong_use_is_refused_before_anything_is_fetched() {
    let world = World::new();
    for (words, message) in [
        (&["--subscription"][..], "--subscription wants a value"),
        (&["--subscription", "--output"], "--subscription wants a value"),
        (&["--tenant", "x"], "there is no option --tenant"),
        (&["--subscription", "s", "--management-group", "m"], "exclude each other"),
        (&["x; take 1"], "is no name of a table"),
    ] {
        let output = world.export(&[], words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(said(&output).starts_with("error: ") && said(&output).contains(message), "{}", said(&output));
    }
    fs::create_dir(world.at("export")).unwrap();
    fs::write(world.at("export/Resources-0003.json.gz"), "").unwrap();
    let output = world.export(&["resources"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("would count as another page of resources"), "{}", said(&output));
    fs::remove_file(world.at("extension")).unwrap();
    assert!(said(&world.export(&[], &[])).contains("az extension add --name resource-graph"));
    fs::write(world.at("tenant"), "").unwrap();
    assert!(said(&world.export(&[], &[])).contains("run `az login`"));
    assert_eq!(world.text("calls"), "");
    let help = world.export(&[], &["--help"]);
    assert!(help.status.success() && report(&help).contains("--management-group NAME"));
}

#[test]
fn the_scripts_are_plain_bash_and_name_only_tables_that_exist() {
    let world = World::new();
    let refused = world.argql(&["export", "--script", "bash", "securityresource"]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(
        said(&refused),
        "error: Azure Resource Graph has no table `securityresource`; did you mean `securityresources`?\n"
    );
    assert!(world.argql(&["export", "--script", "bash", "--output", "export.sh"]).status.success());
    let checked = Command::new("bash").arg("-n").arg(world.at("export.sh")).output().unwrap();
    assert!(checked.status.success(), "{}", said(&checked));
    // Newer than bash 3.2, which macOS has: associative arrays, reading into arrays, letters made small.
    let script = world.text("export.sh");
    for newer in ["declare -A", "local -A", "mapfile", "readarray", ",,}", "^^}", "|&", "&>>", "${failed[-1]}"] {
        assert!(!script.contains(newer), "{newer}");
    }
}
