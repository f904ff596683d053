//! Links the program with nothing but itself: it has its own start, and needs no loader.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Without relocations there is nothing that a loader or a libc would have to do first.
    for argument in ["-nostartfiles", "-nostdlib", "-static", "-no-pie"] {
        println!("cargo:rustc-link-arg-bins={argument}");
    }
}
