//! collections uses what most programs use of std: maps, sets, sorting, text,
//! traits, closures, threads' little brothers (Rc, RefCell, Arc, Mutex), and
//! input and output: lines of standard input, directories and files.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, VecDeque};
use std::fmt::{self, Display, Write as _};
use std::fs;
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write as _};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Random is a linear congruential generator, so that every run is the same.
struct Random(u64);

impl Iterator for Random {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Some(self.0 >> 20)
    }
}

fn maps() {
    let mut hash: HashMap<u64, Vec<u64>> = HashMap::new();
    let mut tree: BTreeMap<u64, u64> = BTreeMap::new();
    for value in Random(1).take(200_000) {
        hash.entry(value % 5003).or_default().push(value);
        *tree.entry(value % 4999).or_insert(0) += value & 0xff;
    }
    let longest = hash.values().map(Vec::len).max().unwrap_or(0);
    let total: u64 = tree.range(1000..2000).map(|(_, v)| v).sum();
    println!("maps: {} {} {longest} {total}", hash.len(), tree.len());
    let even: BTreeSet<u64> = tree.keys().copied().filter(|k| k % 2 == 0).collect();
    let three: HashSet<u64> = tree.keys().copied().filter(|k| k % 3 == 0).collect();
    println!("sets: {} {} {}", even.len(), three.len(), even.iter().filter(|k| three.contains(k)).count());
}

fn sequences() {
    let mut values: Vec<u64> = Random(2).take(300_000).collect();
    values.sort_unstable();
    values.dedup();
    println!("sorted: {} {:x} {:x}", values.len(), values[0], values[values.len() - 1]);
    let mut heap: BinaryHeap<u64> = values.iter().map(|v| v.reverse_bits()).collect();
    let top: u64 = (0..1000).filter_map(|_| heap.pop()).fold(0, |a, b| a.rotate_left(7) ^ b);
    let mut queue: VecDeque<u64> = VecDeque::new();
    for value in values.iter().take(1000) {
        queue.push_back(*value);
        if queue.len() > 10 {
            queue.pop_front();
        }
    }
    println!("heap and queue: {top:016x} {}", queue.iter().sum::<u64>());
}

struct Matrix([[f64; 3]; 3]);

impl Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.0 {
            writeln!(f, "[{:>8.3} {:>+10.2e} {:<8}]", row[0], row[1], row[2])?;
        }
        Ok(())
    }
}

fn text() {
    let mut output = String::new();
    for (number, word) in "Größe 大小 размер μέγεθος size".split_whitespace().enumerate() {
        let reversed: String = word.chars().rev().collect();
        write!(output, "{number:#04x}:{}|{reversed:*^12}|{} ", word.to_uppercase(), word.len()).unwrap();
    }
    println!("{}", output.trim_end());
    print!("{}", Matrix([[1.0 / 3.0, 6.02214076e23, 0.1], [f64::MAX, -f64::MIN_POSITIVE, -0.0], [f64::NAN, f64::INFINITY, 1e-7]]));
    println!("{:?} {:?} {:?}", "12x".parse::<i32>(), "0.1".parse::<f64>(), "quote \" \n \u{1f980}");
    println!("{} {}", i128::MIN, u128::MAX / 7);
    let wide = 0x0123_4567_89ab_cdef_u64;
    println!("{} {} {:?} {:?}", wide.leading_zeros(), wide.count_ones(), 200u8.checked_add(100), 1i32.overflowing_shl(33));
}

fn shared() {
    let counter = Rc::new(RefCell::new(0u32));
    let add: Vec<Box<dyn Fn(u32)>> = (1..=3u32)
        .map(|factor| {
            let counter = Rc::clone(&counter);
            Box::new(move |n: u32| *counter.borrow_mut() += n * factor) as Box<dyn Fn(u32)>
        })
        .collect();
    add.iter().for_each(|f| f(7));
    let locked = Arc::new(Mutex::new(vec![1, 2, 3]));
    locked.lock().unwrap().push(*counter.borrow() as i32);
    println!("shared: {:?}, {} owners", locked.lock().unwrap(), Rc::strong_count(&counter));
}

fn files() -> io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir("/")?.collect::<Result<_, _>>()?;
    entries.sort_by_key(|entry| entry.file_name());
    for entry in entries {
        let kind = entry.file_type()?;
        let size = if kind.is_file() { entry.metadata()?.len() } else { 0 };
        println!("{:?} file {} directory {} link {} {size}", entry.file_name(), kind.is_file(), kind.is_dir(), kind.is_symlink());
    }
    println!("{:?}", fs::read_to_string("/text.txt")?);
    let mut file = fs::File::open("/large.bin")?;
    file.seek(SeekFrom::End(-16))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    println!("{tail:?} at {}", file.stream_position()?);
    println!("{:?}", fs::read("/no such file").map_err(|error| error.kind()));
    Ok(())
}

fn lines() -> io::Result<()> {
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for line in io::stdin().lock().lines() {
        for word in line?.split_whitespace() {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    let mut output = io::BufWriter::new(io::stdout().lock());
    for (word, count) in words {
        writeln!(output, "{word}: {count}")?;
    }
    output.flush()
}

fn time() {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    let year = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_secs() / 31_556_952 + 1970);
    println!("time: {} {}", start.elapsed() >= Duration::from_millis(20), year.unwrap_or(0) >= 2024);
}

fn main() -> io::Result<()> {
    maps();
    sequences();
    text();
    shared();
    files()?;
    lines()?;
    time();
    Ok(())
}
