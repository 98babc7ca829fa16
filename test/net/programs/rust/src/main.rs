//! A static-file HTTP/1.1 server with keep-alive: httpd-rust [PORT [ROOT]].
//!
//! One task for each connection, all on one thread. A file is read at its first
//! request and kept while there is room for it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use hyper::http::HeaderValue;
use hyper::server::conn::Http;
use hyper::service::service_fn;
use hyper::{Body, Method, Request, Response, StatusCode};
use tokio::net::TcpListener;

/// What all kept files take together; a larger file is read for each request.
const KEPT_MAX_BYTES: usize = 32 << 20;

struct Files {
    root: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    files: HashMap<String, Bytes>,
    bytes: usize,
}

impl Files {
    /// The contents of the file that a request's path names.
    fn read(&self, path: &str) -> io::Result<Bytes> {
        if let Some(body) = self.kept.lock().unwrap().files.get(path) {
            return Ok(body.clone());
        }
        let mut name = self.root.join(inside(path)?);
        if path.ends_with('/') || name.is_dir() {
            name.push("index.html");
        }
        let body = Bytes::from(std::fs::read(name)?);
        let mut kept = self.kept.lock().unwrap();
        if kept.bytes + body.len() <= KEPT_MAX_BYTES {
            kept.bytes += body.len();
            kept.files.insert(path.to_owned(), body.clone());
        }
        Ok(body)
    }
}

/// The path without its percent signs, from the root down; one that leads out of
/// the root is no path.
fn inside(path: &str) -> io::Result<PathBuf> {
    let refused = || io::Error::new(io::ErrorKind::InvalidInput, "no path");
    let mut decoded = Vec::with_capacity(path.len());
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|d| (d as char).to_digit(16)).ok_or_else(refused);
        match (digit()? << 4 | digit()?) as u8 {
            0 => return Err(refused()),
            byte => decoded.push(byte),
        }
    }
    let decoded = String::from_utf8(decoded).map_err(|_| refused())?;
    let mut result = PathBuf::new();
    for part in Path::new(&decoded).components() {
        match part {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => result.push(name),
            _ => return Err(refused()),
        }
    }
    Ok(result)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "css" => "text/css",
        "js" => "text/javascript",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "html" => "text/html; charset=utf-8",
        _ if path.ends_with('/') => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn refuse(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{}\n", status)));
    *response.status_mut() = status;
    response
}

async fn answer(files: Arc<Files>, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path();
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Ok(response);
    }
    let body = match files.read(path) {
        Ok(body) => body,
        Err(e) if e.kind() == io::ErrorKind::InvalidInput => return Ok(refuse(StatusCode::BAD_REQUEST)),
        Err(_) => return Ok(refuse(StatusCode::NOT_FOUND)),
    };
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    if request.method() == Method::GET {
        *response.body_mut() = Body::from(body);
    }
    Ok(response)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let port = args.next().unwrap_or_else(|| "8080".to_owned());
    let root = PathBuf::from(args.next().unwrap_or_else(|| "/".to_owned()));
    let files = Arc::new(Files { root, kept: Mutex::default() });
    let listener = TcpListener::bind(format!("0.0.0.0:{}", port)).await?;
    println!("listening on port {}", port);
    loop {
        let (stream, _) = listener.accept().await?;
        let files = files.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(files.clone(), request));
            // A client that goes away in the middle of a request is its own affair.
            let _ = Http::new().http1_only(true).http1_half_close(true).serve_connection(stream, service).await;
        });
    }
}
