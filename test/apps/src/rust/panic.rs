//! panic ends by a panic. Without an argument it is Rust's own way on
//! wasm32-wasi: a message and a trap. With the argument "hook" a panic hook ends
//! the program with exit code 101, as on other systems. With "error" main
//! returns an error, which is exit code 1.

use std::{env, panic, process};

fn checked(values: &[i32], index: usize) -> i32 {
    values[index]
}

fn main() -> Result<(), String> {
    let argument = env::args().nth(1).unwrap_or_default();
    match argument.as_str() {
        "error" => return Err("this is an error".to_string()),
        "hook" => panic::set_hook(Box::new(|info| {
            eprintln!("{info}");
            process::exit(101);
        })),
        _ => (),
    }
    println!("before");
    println!("{}", checked(&[1, 2, 3], argument.len() + 3));
    Ok(())
}
