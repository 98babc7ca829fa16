//! hello prints its arguments and environment and ends with a code of its own.

use std::env;
use std::process::exit;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    println!("hello from Rust, {} arguments", arguments.len());
    for (number, argument) in arguments.iter().enumerate() {
        println!("{number}: {argument:?}");
    }
    let mut variables: Vec<(String, String)> = env::vars().collect();
    variables.sort();
    for (name, value) in variables {
        println!("{name}={value}");
    }
    eprintln!("standard error of Rust");
    exit(arguments.len() as i32 + 40);
}
