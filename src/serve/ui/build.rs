//! Builds the page into the program, if it is wanted: with the feature `ui`, by npm, in cargo's own folder.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Where the sources of the page are, and the style sheets of reports, which it takes its pictures' looks from.
const PAGE: &str = "src/serve/ui";
const STYLES: &str = "src/output/html";

fn main() {
    println!("cargo::rerun-if-changed={PAGE}/build.rs");
    if env::var_os("CARGO_FEATURE_UI").is_none() {
        return;
    }
    if let Err(message) = build() {
        println!("cargo::error={message}");
        std::process::exit(1);
    }
}

fn build() -> Result<(), String> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no OUT_DIR")?).join("page");
    for file in files(PAGE)?.into_iter().chain(files(STYLES)?) {
        println!("cargo::rerun-if-changed={}", file.display());
        let to = out.join(&file);
        let folder = to.parent().unwrap_or(&out);
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        fs::copy(&file, &to).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let folder = out.join(PAGE);
    npm(&folder, &["ci", "--no-audit", "--no-fund", "--ignore-scripts"])?;
    npm(&folder, &["run", "--silent", "build"])
}

fn files(folder: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{folder}: {error}"))?;
    let hidden = |path: &Path| path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file() && !hidden(path)).collect())
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let done = Command::new(program).args(arguments).current_dir(folder).output().map_err(|error| {
        format!("the feature `ui` needs Node.js and npm, which make the page; npm cannot be run: {error}")
    })?;
    if done.status.success() {
        return Ok(());
    }
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    Err(format!("npm {} failed: {}", arguments.join(" "), lines.join(" / ")))
}
