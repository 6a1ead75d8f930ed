//! Notes which compiler builds Contend and for which target: reports say what produced them.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=RUSTC");
    let variable = |name| std::env::var(name).unwrap_or_else(|_| "unknown".into());
    let version = Command::new(variable("RUSTC")).arg("--version").output();
    let version = version.ok().filter(|output| output.status.success());
    let version = version.and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.unwrap_or_else(|| "unknown".into());
    println!("cargo::rustc-env=CONTEND_RUSTC={}", version.trim());
    println!("cargo::rustc-env=CONTEND_TARGET={}", variable("TARGET"));
}
