//! Says how it was compiled.

fn main() {
    println!("{}", env!("COMPILER"));
}
