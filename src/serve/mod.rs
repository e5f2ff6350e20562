//! A server over one export: for a browser, for the clients of Kusto, and for those of Azure Resource Graph.
//!
//! `listen` accepts connections, `door` lets their requests in or not, `live` has the data and takes in newer ones, and
//! `work` runs what requests ask, so that whoever goes away stops it. `kusto`, `graph` and `api` speak the protocols,
//! `page` is what a browser is shown, and `assets` what it is shown where the page with scripts was built in.
//!
//! Like the command it is a customer of the public interface. Nothing here writes but the certificate in `tls`.

mod api;
#[cfg(feature = "ui")]
mod assets;
mod door;
mod graph;
mod kusto;
mod listen;
mod live;
mod page;
mod pieces;
mod running;
mod tls;
mod work;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};

use crate::{Engine, Error, Library, Uuid};
use listen::Listener;
use live::{Live, Opener};
use running::Running;

/// The name of the database that the export is; each snapshot is another, by its own name.
const DATABASE: &str = "arg";

/// How many queries work at the same time; others wait for their turn.
const AT_ONCE: usize = 32;

/// Characters that a token has at least.
const TOKEN: usize = 16;

/// A server of one export; [`bind`](Server::bind) opens its ports.
///
/// It answers on this machine alone, unless [`beyond`](Server::beyond) says otherwise, and changes nothing but the
/// certificate of its https.
///
/// ```
/// use argql::{Engine, Server};
///
/// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
/// let address = bound.addresses()[0];
/// let stop = bound.stopper();
/// let server = std::thread::spawn(move || bound.run());
/// // Clients talk to `address` meanwhile.
/// assert!(address.ip().is_loopback());
/// stop.stop();
/// server.join().unwrap();
/// # Ok::<(), argql::Error>(())
/// ```
pub struct Server {
    open: Opener,
    watched: Vec<PathBuf>,
    port: u16,
    tls: Option<(u16, PathBuf)>,
    beyond: Option<(IpAddr, String)>,
    throttle: Option<(u32, Duration)>,
    log: Log,
}

type Log = Arc<dyn Fn(&Served) + Send + Sync>;

/// What a [`Server`] says of itself while it runs: nothing of what was asked or answered.
///
/// ```
/// use argql::{Engine, Served, Server};
///
/// let server = Server::new(|| Ok(Engine::new().sample())).log(|served| {
///     if let Served::Request { path, status, .. } = served {
///         println!("{path} {status}");
///     }
/// });
/// assert!(server.port(0).bind().is_ok());
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Served {
    /// A request was answered.
    Request {
        /// `GET`, `POST` …
        method: String,
        /// The path, without what follows a question mark.
        path: String,
        /// The status of HTTP.
        status: u16,
        /// From the request to the head of the answer.
        took: Duration,
    },
    /// Newer data are what is asked from now on.
    Loaded {
        /// How many tables there are.
        tables: usize,
    },
    /// What is newer cannot be read; the older data stay.
    NotLoaded(Error),
}

impl Server {
    /// A server of the engine that `open` gives: now, and anew when what is [watched](Server::watching) has changed.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let server = Server::new(|| Ok(Engine::new().sample()));
    /// assert!(server.port(0).bind().is_ok());
    /// ```
    pub fn new(open: impl Fn() -> Result<Engine, Error> + Send + Sync + 'static) -> Server {
        Server {
            open: Arc::new(open),
            watched: Vec::new(),
            port: 8620,
            tls: None,
            beyond: None,
            throttle: None,
            log: Arc::new(|_| {}),
        }
    }

    /// Looks after these files and folders, and takes in what is there once they have changed and are at rest again.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let export = std::env::temp_dir();
    /// let path = export.clone();
    /// let server = Server::new(move || Engine::new().load(&path)).watching([export]);
    /// assert!(format!("{server:?}").contains("watched"));
    /// ```
    pub fn watching(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Server {
        self.watched.extend(paths);
        self
    }

    /// The port for http, 8620 unless told; 0 is any that is free.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
    /// assert_ne!(bound.addresses()[0].port(), 0);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn port(self, port: u16) -> Server {
        Server { port, ..self }
    }

    /// Answers on https as well, with a certificate for this machine that is made once and kept in `folder`: `ca.pem` is
    /// what clients are told to trust, the private key nobody else may read.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let folder = std::env::temp_dir().join("argql-doc-tls");
    /// let server = Server::new(|| Ok(Engine::new().sample())).port(0).tls(0, &folder);
    /// let bound = server.bind()?;
    /// assert_eq!(bound.certificate(), Some(folder.join("ca.pem").as_path()));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn tls(self, port: u16, folder: impl Into<PathBuf>) -> Server {
        Server { tls: Some((port, folder.into())), ..self }
    }

    /// Answers on this address, to whoever has the token: as `Authorization: Bearer …`, or once as `/?token=…` in a
    /// browser.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let server = Server::new(|| Ok(Engine::new().sample())).beyond([127, 0, 0, 1].into(), "d0f1e2c3b4a59687");
    /// assert!(server.port(0).bind().is_ok());
    /// ```
    pub fn beyond(self, address: IpAddr, token: &str) -> Server {
        Server { beyond: Some((address, token.to_owned())), ..self }
    }

    /// Lets so many requests of Resource Graph through in a stretch of time and answers others with 429, as the service
    /// does.
    ///
    /// ```
    /// use std::time::Duration;
    /// use argql::{Engine, Server};
    ///
    /// let server = Server::new(|| Ok(Engine::new().sample())).throttle(15, Duration::from_secs(5));
    /// assert!(server.port(0).bind().is_ok());
    /// ```
    pub fn throttle(self, requests: u32, window: Duration) -> Server {
        Server { throttle: Some((requests, window)), ..self }
    }

    /// Calls `log` after each request, and when data were taken in.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let server = Server::new(|| Ok(Engine::new().sample())).log(|served| println!("{served:?}"));
    /// assert!(server.port(0).bind().is_ok());
    /// ```
    pub fn log(self, log: impl Fn(&Served) + Send + Sync + 'static) -> Server {
        Server { log: Arc::new(log), ..self }
    }

    /// Opens the data and the ports.
    ///
    /// # Errors
    ///
    /// If the data cannot be opened, a port is taken, or the certificate cannot be written.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let first = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
    /// let port = first.addresses()[0].port();
    /// let second = Server::new(|| Ok(Engine::new().sample())).port(port).bind();
    /// assert!(second.unwrap_err().is_usage());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn bind(self) -> Result<BoundServer, Error> {
        if self.beyond.as_ref().is_some_and(|(_, token)| token.len() < TOKEN) {
            let help = "take one that nobody guesses, such as `openssl rand -hex 24` gives";
            return Err(Error::usage(format!("a token has {TOKEN} characters at least"), help));
        }
        listen::raise_limits();
        let runtime = listen::runtime()?;
        let live = Live::open(self.open, self.watched, self.log.clone())?;
        let address = self.beyond.as_ref().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |(address, _)| *address);
        let mut listeners = listen::open(address, self.port, None)?;
        let mut certificate = None;
        if let Some((port, folder)) = &self.tls {
            let made = tls::certificate(folder, address)?;
            listeners.extend(listen::open(address, *port, Some(&made.config))?);
            certificate = Some(made.authority);
        }
        let site = Site {
            live,
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            library: Library::builtin(),
            token: self.beyond.map(|(_, token)| token),
            throttle: self.throttle.map(|(requests, window)| graph::Throttle::new(requests, window)),
            pages: graph::Pages::default(),
            running: Running::default(),
            log: self.log,
        };
        let (stop, stopped) = watch::channel(false);
        let stop = Stopper(Arc::new(stop));
        Ok(BoundServer { site: Arc::new(site), listeners, certificate, stop, stopped, runtime })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("watched", &self.watched).field("port", &self.port).finish_non_exhaustive()
    }
}

/// A [`Server`] with its ports open.
///
/// ```
/// use argql::{Engine, Server};
///
/// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
/// assert!(format!("{bound:?}").contains("127.0.0.1"));
/// # Ok::<(), argql::Error>(())
/// ```
pub struct BoundServer {
    site: Arc<Site>,
    listeners: Vec<Listener>,
    certificate: Option<PathBuf>,
    stop: Stopper,
    stopped: watch::Receiver<bool>,
    runtime: Runtime,
}

impl BoundServer {
    /// The addresses for http.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
    /// assert!(bound.addresses().iter().all(|address| address.ip().is_loopback()));
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter(|listener| !listener.is_tls()).map(Listener::address).collect()
    }

    /// The addresses for https.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
    /// assert!(bound.tls_addresses().is_empty());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn tls_addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().filter(|listener| listener.is_tls()).map(Listener::address).collect()
    }

    /// The file that clients of https are told to trust.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
    /// assert_eq!(bound.certificate(), None);
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn certificate(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// What ends the server.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
    /// assert!(bound.stopper().stop());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn stopper(&self) -> Stopper {
        self.stop.clone()
    }

    /// Ctrl-C and, where there is one, the signal to terminate end the server as well.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?.ended_by_signals();
    /// assert!(bound.stopper().stop());
    /// bound.run();
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn ended_by_signals(self) -> BoundServer {
        listen::stop_at_signals(&self.runtime, self.stop.clone());
        self
    }

    /// Answers until it is stopped; what is being answered then has ten seconds to end.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
    /// let stop = bound.stopper();
    /// let server = std::thread::spawn(move || bound.run());
    /// stop.stop();
    /// server.join().unwrap();
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn run(self) {
        listen::run(self.runtime, self.listeners, routes(&self.site), self.site, self.stopped);
    }
}

impl fmt::Debug for BoundServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundServer").field("addresses", &self.addresses()).finish_non_exhaustive()
    }
}

/// Ends a [`BoundServer`] from another thread.
///
/// ```
/// use argql::{Engine, Server};
///
/// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
/// let stop = bound.stopper();
/// assert!(stop.clone().stop());
/// # Ok::<(), argql::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stopper(Arc<watch::Sender<bool>>);

impl Stopper {
    /// No new request is taken from now on. Gives whether this was the first to say so.
    ///
    /// ```
    /// use argql::{Engine, Server};
    ///
    /// let bound = Server::new(|| Ok(Engine::new().sample())).port(0).bind()?;
    /// let stop = bound.stopper();
    /// assert!(stop.stop());
    /// assert!(!stop.stop());
    /// # Ok::<(), argql::Error>(())
    /// ```
    pub fn stop(&self) -> bool {
        !self.0.send_replace(true)
    }
}

/// What all requests share.
struct Site {
    live: Live,
    permits: Arc<Semaphore>,
    library: Library,
    token: Option<String>,
    throttle: Option<graph::Throttle>,
    pages: graph::Pages,
    running: Running,
    log: Log,
}

/// An id that no other request has; the standard library's seeds are chance enough.
fn unique_id() -> Uuid {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let [high, low] = [0, 1].map(|half| u128::from(RandomState::new().hash_one((count, half))));
    uuid::Builder::from_random_bytes(((high << 64) | low).to_be_bytes()).into_uuid()
}

/// Every path that is answered.
fn routes(site: &Arc<Site>) -> Router {
    let inside = Router::new().merge(kusto::routes()).merge(graph::routes()).merge(api::routes()).merge(page::routes());
    #[cfg(feature = "ui")]
    let inside = inside.merge(assets::routes());
    let inside = inside.fallback(api::nothing).method_not_allowed_fallback(api::other);
    door::around(inside.with_state(site.clone()), site)
}
