//! Files far away: in Azure Blob Storage, S3, or Google Cloud Storage.
//!
//! The crate `object_store` speaks with them, and finds in the environment who asks. It works for many at once on two
//! threads of its own; here a thread waits for what it asked for.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use foldhash::fast::FixedState;
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, RetryConfig, coalesce_ranges};
use tokio::runtime::Runtime;
use url::Url;

use crate::column::{FileBytes, Remote};

/// How often, and for how long, something is asked for again.
const RETRIES: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes between two ranges that are rather fetched than asked around.
const GAP: u64 = 128 << 10;
/// Threads that wait for files, when there are many to be opened.
const WAITING: usize = 16;

/// A container, and a path in it.
#[derive(Clone, Debug)]
struct RemotePath {
    store: Arc<dyn ObjectStore>,
    at: ObjectPath,
    /// The container's name.
    container: String,
}

#[derive(Debug)]
struct RemoteFile {
    of: RemotePath,
}

impl Remote for RemoteFile {
    fn fetch(&self, ranges: &[Range<u64>]) -> io::Result<Vec<Bytes>> {
        let (of, ranges) = (self.of.clone(), ranges.to_vec());
        wait(&self.of, async move {
            let get = |range| {
                let (store, at) = (of.store.clone(), of.at.clone());
                async move { store.get_range(&at, range).await }
            };
            coalesce_ranges(&ranges, get, GAP).await
        })
    }
}

/// The names of the folders and of the files in a folder.
pub(super) fn list(path: &Path) -> io::Result<(Vec<String>, Vec<String>)> {
    let of = RemotePath::of(path)?;
    let (store, at) = (of.store.clone(), of.at.clone());
    let found = wait(&of, async move { store.list_with_delimiter(Some(&at)).await })?;
    let name = |path: &ObjectPath| path.filename().map(str::to_owned);
    let folders = found.common_prefixes.iter().filter_map(name).collect();
    Ok((folders, found.objects.iter().filter_map(|object| name(&object.location)).collect()))
}

/// The names of the folders that have a file of this name; of a whole store that is one question, or few.
pub(super) fn folders_with(path: &Path, file: &str) -> io::Result<Vec<String>> {
    let of = RemotePath::of(path)?;
    let (store, at) = (of.store.clone(), of.at.clone());
    let all: Vec<_> = wait(&of, async move { store.list(Some(&at)).try_collect().await })?;
    let folder = |path: &ObjectPath| {
        let parts: Vec<_> = path.prefix_match(&of.at)?.collect();
        match parts.as_slice() {
            [folder, name] if name.as_ref() == file => Some(folder.as_ref().to_owned()),
            _ => None,
        }
    };
    Ok(all.iter().filter_map(|object| folder(&object.location)).collect())
}

/// All bytes of a file.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let of = RemotePath::of(path)?;
    let (store, at) = (of.store.clone(), of.at.clone());
    wait(&of, async move { store.get(&at).await?.bytes().await }).map(Vec::from)
}

/// The bytes of a file that is to have so many.
pub(super) fn open(path: &Path, len: u64) -> io::Result<FileBytes> {
    let of = RemotePath::of(path)?;
    Ok(FileBytes::Remote { from: Arc::new(RemoteFile { of }), len, known: Arc::new([]) })
}

/// Does work on threads that may all wait.
pub(super) fn waiting<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
    match POOL.get_or_init(|| rayon::ThreadPoolBuilder::new().num_threads(WAITING).build().ok()) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// What comes of a question, for which this thread waits.
fn wait<T: Send + 'static>(
    of: &RemotePath,
    question: impl Future<Output = object_store::Result<T>> + Send + 'static,
) -> io::Result<T> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("remote").enable_all().build()
    });
    let runtime = runtime.as_ref().map_err(|error| io::Error::other(error.to_string()))?;
    let (sender, answer) = channel();
    // Whoever asks may be a thread of another runtime, which must not block within that.
    runtime.spawn(async move { sender.send(question.await) });
    match answer.recv() {
        Ok(answer) => answer.map_err(|error| said(of, &error)),
        Err(_) => Err(io::Error::other("the question was given up")),
    }
}

/// An error in the words of whoever is asked, without those of the libraries in between.
fn said(of: &RemotePath, error: &object_store::Error) -> io::Error {
    let mut text = error.to_string();
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(within) = cause {
        text = within.to_string();
        cause = within.source();
    }
    let all = format!("{error} {text}");
    let no_container = ["ContainerNotFound", "NoSuchBucket", "The specified bucket does not exist"];
    if no_container.iter().any(|code| all.contains(code)) {
        return io::Error::other(format!("there is no container `{}`", of.container));
    }
    let kind = match error {
        object_store::Error::NotFound { .. } => io::ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            io::ErrorKind::PermissionDenied
        }
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, text)
}

impl RemotePath {
    fn of(path: &Path) -> io::Result<RemotePath> {
        static STORES: Mutex<Option<HashMap<String, Arc<dyn ObjectStore>, FixedState>>> = Mutex::new(None);
        let invalid = |why: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidInput, why.to_string());
        let text = path.to_str().ok_or_else(|| invalid(&"the address is no text"))?.replace('\\', "/");
        let url = Url::parse(&text).map_err(|error| invalid(&error))?;
        let container =
            url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| invalid(&"it names no container"))?;
        let at = ObjectPath::from_url_path(url.path()).map_err(|error| invalid(&error))?;
        let key = format!("{}://{container}", url.scheme());
        let mut stores = STORES.lock().expect("a panic of another thread ends this one too");
        let stores = stores.get_or_insert_default();
        let store = match stores.get(&key) {
            Some(store) => store.clone(),
            None => {
                let store = built(&key, url.scheme()).map_err(|error| invalid(&error))?;
                stores.insert(key, store.clone());
                store
            }
        };
        Ok(RemotePath { store, at, container: container.to_owned() })
    }
}

/// The container of an address, asked with what the environment says of who asks.
fn built(address: &str, scheme: &str) -> object_store::Result<Arc<dyn ObjectStore>> {
    let retry = RetryConfig { max_retries: RETRIES, retry_timeout: PATIENCE, ..RetryConfig::default() };
    Ok(match scheme {
        "s3" | "s3a" => Arc::new(AmazonS3Builder::from_env().with_url(address).with_retry(retry).build()?),
        "gs" => Arc::new(GoogleCloudStorageBuilder::from_env().with_url(address).with_retry(retry).build()?),
        _ => Arc::new(MicrosoftAzureBuilder::from_env().with_url(address).with_retry(retry).build()?),
    })
}
