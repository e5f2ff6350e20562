//! `argql serve`: says where the server listens and how clients are pointed at it, and runs it.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::args::ServeArgs;
use super::failure::Failure;
use super::folders::user_path;
use super::messages::Messages;
use super::open::{open_data, watched};
use super::terminal::stdout;
use crate::{BoundServer, Served, Server, render, visible};

/// The port of https where none was typed.
const TLS_PORT: u16 = 8621;

/// Answers until Ctrl-C.
pub(super) fn serve(options: ServeArgs, messages: &Messages) -> Result<(), Failure> {
    if options.env {
        return print_variables(&options);
    }
    let watched = watched(&options.source);
    if watched.is_empty() && !options.source.sample {
        return Err(Failure::Usage("no data: name an export with --data, or use --sample".to_owned()));
    }
    let mut server = Server::new({
        let source = options.source.clone();
        move || open_data(&source)
    })
    .port(options.port)
    .watching(watched)
    .log(log(options.log, messages));
    if let Some(port) = options.tls_port {
        server = server.tls(port, certificates()?);
    }
    if let Some(token) = &options.token {
        server = server.beyond(options.listen.unwrap_or(Ipv4Addr::LOCALHOST.into()), token);
    }
    if let Some((requests, window)) = options.simulate_throttle {
        server = server.throttle(requests, window);
    }
    let bound = server.bind()?.ended_by_signals();
    announce(&bound, &options, messages);
    if options.open
        && let Some(address) = bound.addresses().first()
    {
        open_browser(&page(*address, options.token.as_deref()), messages);
    }
    bound.run();
    Ok(())
}

/// Where the certificate is kept: with the user's data.
fn certificates() -> Result<PathBuf, Failure> {
    let folder = user_path("XDG_DATA_HOME", ".local/share", "argql/tls");
    folder.ok_or_else(|| Failure::Usage("no folder for a certificate: set HOME or XDG_DATA_HOME".to_owned()))
}

fn announce(bound: &BoundServer, options: &ServeArgs, messages: &Messages) {
    let say = |line: String| messages.note(&line);
    let Some(http) = bound.addresses().first().copied() else { return };
    say(format!("page and Kusto      {}", page(http, None)));
    if let (Some(https), Some(certificate)) = (bound.tls_addresses().first(), bound.certificate()) {
        say(format!("Resource Graph      https://{}/", shown(*https)));
        say(format!("certificate         {}", certificate.display()));
        say("for clients         eval \"$(argql serve --env)\"".to_owned());
    } else {
        say("Resource Graph      the same; with --tls-port also https, which most of its clients want".to_owned());
    }
    if options.token.is_some() {
        say("token               Authorization: Bearer …, or once /?token=… in a browser".to_owned());
    }
    say("Ctrl-C ends it.".to_owned());
}

/// As people call it: this machine is `localhost`.
fn shown(address: SocketAddr) -> String {
    if address.ip().is_loopback() { format!("localhost:{}", address.port()) } else { address.to_string() }
}

fn page(address: SocketAddr, token: Option<&str>) -> String {
    let shown = shown(address);
    token.map_or(format!("http://{shown}/"), |token| format!("http://{shown}/?token={token}"))
}

fn log(each: bool, messages: &Messages) -> impl Fn(&Served) + Send + Sync + 'static {
    let (color, quiet) = (messages.color, messages.quiet);
    move |served| {
        let line = match served {
            Served::Request { method, path, status, took } if each => {
                format!("{method} {} {status} {:.1} ms\n", visible(path), took.as_secs_f64() * 1e3)
            }
            Served::Loaded { tables } if !quiet => {
                format!("newer data: {tables} table{}\n", if *tables == 1 { "" } else { "s" })
            }
            Served::NotLoaded(error) => format!("{}the older data stay\n", render(error.diagnostics(), None, color)),
            _ => return,
        };
        // Where standard error is closed there is nobody to tell.
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}

/// What a POSIX shell evaluates.
fn print_variables(options: &ServeArgs) -> Result<(), Failure> {
    let tls = options.tls_port.unwrap_or(TLS_PORT);
    let authority = certificates()?.join("ca.pem");
    let quoted = format!("'{}'", authority.display().to_string().replace('\'', "'\\''"));
    let mut out = stdout();
    writeln!(out, "export ARGQL_KUSTO=http://localhost:{}", options.port)?;
    writeln!(out, "export ARGQL_RESOURCE_GRAPH=https://localhost:{tls}")?;
    writeln!(out, "# Whom clients of https trust, beside nobody else in this shell: Python, Node, Go and curl.")?;
    for name in ["REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "CURL_CA_BUNDLE"] {
        writeln!(out, "export {name}={quoted}")?;
    }
    Ok(())
}

/// Shows an address in the browser, if the system has a way; what that says of itself is of no interest here.
fn open_browser(address: &str, messages: &Messages) {
    let (program, before): (&str, &[&str]) = if cfg!(windows) {
        ("cmd", &["/c", "start", ""])
    } else if cfg!(target_os = "macos") {
        ("open", &[])
    } else {
        ("xdg-open", &[])
    };
    let started = Command::new(program).args(before).arg(address).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if started.is_err() {
        messages.note(&"no browser was found; open the address above".to_owned());
    }
}
