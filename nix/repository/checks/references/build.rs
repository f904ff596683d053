//! Has the program say which compiler its C is for, as OpenSSL does.

fn main() {
    let compiler = std::env::var("TARGET_CC").expect("a compiler for the target");
    println!("cargo::rustc-env=COMPILER={compiler}");
}
