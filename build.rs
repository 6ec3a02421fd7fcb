//! A migration is part of the program, and the compiler does not see the folder: without this a new one
//! would not be built in.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
