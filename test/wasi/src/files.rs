//! files checks what Rust's standard library makes of the functions: its checks are
//! lines as those of check.h, with the function that each is about.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::exit;
use std::time::{Duration, SystemTime};

struct Checks {
    failures: u32,
}

impl Checks {
    fn holds(&mut self, function: &str, situation: &str, got: bool) {
        if got {
            println!("ok {function} {situation}: yes");
        } else {
            println!("not ok {function} {situation}: no, want yes");
            self.failures += 1;
        }
    }
}

fn kind<T>(result: std::io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|e| e.kind())
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn contents(c: &mut Checks, root: &Path) {
    let path = root.join("file");
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(&path).unwrap();
    file.write_all(b"0123456789").unwrap();
    file.seek(SeekFrom::Start(3)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    c.holds("fd_read", "of Rust, to the end", text == "3456789");
    let again = OpenOptions::new().write(true).create_new(true).open(&path);
    c.holds("path_open", "of Rust, create_new exists", kind(again) == Some(ErrorKind::AlreadyExists));
    let mut append = OpenOptions::new().append(true).open(&path).unwrap();
    append.write_all(b"ab").unwrap();
    c.holds("fd_write", "of Rust, append", fs::read(&path).unwrap() == b"0123456789ab");
    file.set_len(4).unwrap();
    file.sync_all().unwrap();
    c.holds("fd_filestat_set_size", "of Rust", fs::read(&path).unwrap() == b"0123");
    fs::write(&path, "new").unwrap();
    c.holds("path_open", "of Rust, truncate", fs::read_to_string(&path).unwrap() == "new");
    c.holds("path_open", "of Rust, missing", kind(File::open(root.join("none"))) == Some(ErrorKind::NotFound));
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let age = SystemTime::now().duration_since(modified).unwrap_or_default();
    c.holds("path_filestat_get", "of Rust, modified", age < Duration::from_secs(60));
}

fn tree(c: &mut Checks, root: &Path) {
    fs::create_dir_all(root.join("a/b/c")).unwrap();
    fs::write(root.join("a/b/c/deep"), "deep").unwrap();
    fs::write(root.join("a/one"), "1").unwrap();
    c.holds("fd_readdir", "of Rust", names(&root.join("a")) == ["b", "one"]);
    fs::rename(root.join("a/one"), root.join("a/b/two")).unwrap();
    c.holds("path_rename", "of Rust", names(&root.join("a/b")) == ["c", "two"]);
    fs::hard_link(root.join("a/b/two"), root.join("a/three")).unwrap();
    c.holds("path_link", "of Rust", fs::read(root.join("a/three")).unwrap() == b"1");
    fs::copy(root.join("a/b/c/deep"), root.join("a/copy")).unwrap();
    c.holds("fd_write", "of Rust, copy", fs::read(root.join("a/copy")).unwrap() == b"deep");
    c.holds("path_remove_directory", "of Rust, full", fs::remove_dir(root.join("a/b")).is_err());
    fs::remove_dir_all(root.join("a")).unwrap();
    c.holds("path_remove_directory", "of Rust, all", !root.join("a").exists());
}

fn main() {
    let root = Path::new("/rust.cleanup");
    let mut checks = Checks { failures: 0 };
    fs::create_dir(root).unwrap();
    contents(&mut checks, root);
    tree(&mut checks, root);
    fs::remove_dir_all(root).unwrap();
    exit((checks.failures > 0) as i32);
}
