//! Ports, and the connections that come to them.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tower::ServiceExt;

use super::{Site, Stopper, graph};
use crate::Error;

/// For the head of a request, and for a connection without one.
const PATIENCE: Duration = Duration::from_secs(20);
/// For a client that reads nothing of what is sent to it.
const STALLED: Duration = Duration::from_secs(30);
/// For what is being answered when the server is stopped.
const FAREWELL: Duration = Duration::from_secs(10);
/// Files and connections that may be open, where the system allows so many.
const OPEN: u64 = 65_536;
/// What a program ends with that was interrupted.
const INTERRUPTED: i32 = 130;
/// The stack of a thread that binds and runs queries, as a main thread has it.
const STACK: usize = 8 << 20;

/// An open port.
pub(super) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }
}

/// How a request came.
#[derive(Clone, Copy)]
pub(super) struct Peer {
    pub(super) tls: bool,
}

/// Opens a port of an address; of this machine's own address in both families, where it has both.
pub(super) fn open(address: IpAddr, port: u16, tls: Option<&Arc<ServerConfig>>) -> Result<Vec<Listener>, Error> {
    let listener = |address: IpAddr, port: u16| -> io::Result<Listener> {
        let address = SocketAddr::new(address, port);
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // A server that was just stopped may be started again.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(1024)?;
        socket.set_nonblocking(true)?;
        let socket = TcpListener::from(socket);
        let address = socket.local_addr()?;
        Ok(Listener { socket, address, tls: tls.map(|config| TlsAcceptor::from(config.clone())) })
    };
    let first = listener(address, port).map_err(|error| {
        let help = match error.kind() {
            io::ErrorKind::AddrInUse => "another program has it; name another with `--port` or `--tls-port`",
            io::ErrorKind::PermissionDenied => "ports below 1024 are for administrators; name another with `--port`",
            _ => "name an address of this machine with `--listen`, and a free port with `--port`",
        };
        Error::usage(format!("port {port} of {address} cannot be opened: {error}"), help)
    })?;
    let port = first.address.port();
    let mut all = vec![first];
    if address.is_loopback() && address.is_ipv4() {
        // `localhost` is this one, too, for many a client; a machine without IPv6 has none.
        all.extend(listener(Ipv6Addr::LOCALHOST.into(), port));
    }
    Ok(all)
}

/// Lets this program have more files and connections open.
pub(super) fn raise_limits() {
    // Where the system says no, there are fewer.
    let _ = rlimit::increase_nofile_limit(OPEN);
}

/// The threads of a server.
pub(super) fn runtime() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .thread_name("argql-serve")
        .build()
        .map_err(|error| Error::usage(format!("no threads can be started: {error}"), "end other programs"))
}

/// Stops the server at Ctrl-C and at the signal to terminate; who asks twice does not want to wait.
pub(super) fn stop_at_signals(runtime: &Runtime, stop: Stopper) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let _inside = runtime.enter();
        // Where the system gives no handler, a signal ends the program as it does any other.
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            let Ok(mut signals) = signal(kind) else { continue };
            let stop = stop.clone();
            runtime.spawn(async move {
                while signals.recv().await.is_some() && stop.stop() {}
                std::process::exit(INTERRUPTED);
            });
        }
    }
    #[cfg(not(unix))]
    runtime.spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() && stop.stop() {}
        std::process::exit(INTERRUPTED);
    });
}

/// Answers what comes until it is stopped.
pub(super) fn run(
    runtime: Runtime,
    listeners: Vec<Listener>,
    routes: Router,
    site: Arc<Site>,
    stopped: watch::Receiver<bool>,
) {
    runtime.block_on(async {
        let watching = tokio::spawn({
            let site = site.clone();
            async move { site.live.watch().await }
        });
        let accepting = listeners
            .into_iter()
            .map(|listener| tokio::spawn(accept(listener, routes.clone(), site.clone(), stopped.clone())));
        for listener in accepting.collect::<Vec<_>>() {
            // A panic of one is said by the hook of panics.
            let _ = listener.await;
        }
        watching.abort();
    });
    runtime.shutdown_timeout(FAREWELL);
}

/// Takes the connections of a port until the server is stopped, and waits for those that are answered.
async fn accept(listener: Listener, routes: Router, site: Arc<Site>, mut stopped: watch::Receiver<bool>) {
    let Ok(socket) = tokio::net::TcpListener::from_std(listener.socket) else { return };
    let (alive, mut all_gone) = tokio::sync::mpsc::channel::<()>(1);
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let Ok((stream, address)) = accepted else {
            // Too many are open: some end soon.
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        if site.token.is_none() && !address.ip().is_loopback() {
            continue;
        }
        let peer = Peer { tls: listener.tls.is_some() };
        let (routes, tls, stopped, alive) = (routes.clone(), listener.tls.clone(), stopped.clone(), alive.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            match tls {
                None => converse(stream, routes, peer, stopped).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = timeout(PATIENCE, tls.accept(stream)).await {
                        converse(stream, routes, peer, stopped).await;
                    }
                }
            }
            drop(alive);
        });
    }
    drop((socket, alive));
    let _ = timeout(FAREWELL, all_gone.recv()).await;
}

/// Answers the requests of a connection, one after the other.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + 'static,
    routes: Router,
    peer: Peer,
    mut stopped: watch::Receiver<bool>,
) {
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(STALLED));
    let service = routes.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        graph::fold_path(&mut request);
        request.map(Body::new)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(Box::pin(stream)), TowerToHyperService::new(service));
    let mut connection = pin!(connection);
    // What goes wrong with a connection concerns nobody else.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}
