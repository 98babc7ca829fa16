//! backtrace reads beyond the end of a vector, or with the argument "pointer"
//! beyond the end of memory.

use std::env;

#[inline(always)]
fn checked(values: &[i32], index: usize) -> i32 {
    values[index] // @checked
}

struct Shelf {
    items: Vec<i32>,
}

impl Shelf {
    #[inline(never)]
    fn take(&self, index: usize) -> i32 {
        checked(&self.items, index) // @take
    }
}

#[inline(never)]
unsafe fn read<T: Copy>(address: usize) -> T {
    std::ptr::read_volatile(address as *const T) // @read
}

fn main() {
    let shelf = Shelf { items: vec![1, 2, 3] };
    if env::args().nth(1).as_deref() == Some("pointer") {
        println!("{}", unsafe { read::<i32>(0xffff_fff0) }); // @main-read
    }
    println!("{}", shelf.take(env::args().count() + 5)); // @main-take
}
