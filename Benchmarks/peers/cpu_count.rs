//! `cpu_count CASE BATCHES CALLS` prints the same columns as the Swift programs.

use std::hint::black_box;
use std::thread::available_parallelism;
use std::time::Instant;

fn main() {
    let numbers: Vec<u32> = std::env::args().skip(2).map(|word| word.parse().unwrap()).collect();
    let (batches, calls) = (numbers[0], numbers[1]);
    for batch in 0..=batches {
        let mut last = 0;
        let start = Instant::now();
        for _ in 0..calls {
            last = black_box(available_parallelism()).map_or(0, usize::from);
        }
        let nanoseconds = start.elapsed().as_nanos() as f64 / f64::from(calls);
        if batch > 0 {
            println!("{last} {nanoseconds}");
        }
    }
}
