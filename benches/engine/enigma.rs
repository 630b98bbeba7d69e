//! enigma.js on Node, told over its standard input how many calls to make.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// What is installed; the versions are those that the tests with Qlik's own clients use.
const PACKAGES: [&str; 2] = ["enigma.js@2.15.0", "ws@8"];

pub(crate) struct Enigma {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Enigma {
    /// Starts it, connected; the reason where there is no Node, or the packages cannot be had.
    pub(crate) fn start(address: SocketAddr) -> Result<Self, String> {
        let folder = installed()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/engine/enigma.mjs");
        // modules are looked for beside the script
        std::fs::copy(script, folder.join("enigma.mjs")).map_err(|error| error.to_string())?;
        let mut child = Command::new("node")
            .args(["enigma.mjs", &address.to_string()])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("node does not start: {error}"))?;
        let orders = child.stdin.take().ok_or("no input")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut enigma = Enigma { child, orders, answers };
        match enigma.line()?.as_str() {
            "ready" => Ok(enigma),
            other => Err(format!("it said `{other}`")),
        }
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(line.trim().to_owned())
    }

    /// How long so many calls take, as it measures itself.
    pub(crate) fn calls(&mut self, calls: usize, in_flight: usize) -> Duration {
        writeln!(self.orders, "{calls} {in_flight}").expect("it listens");
        let milliseconds: f64 = self.line().expect("an answer").parse().expect("milliseconds");
        Duration::from_secs_f64(milliseconds / 1000.0)
    }
}

impl Drop for Enigma {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder of the build with the packages in it.
fn installed() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = program.ancestors().nth(3).ok_or("the program is in no build folder")?.join("bench-enigma");
    if folder.join("node_modules/enigma.js").is_dir() && folder.join("node_modules/ws").is_dir() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let package = "{\"private\": true, \"type\": \"module\"}\n";
    std::fs::write(folder.join("package.json"), package).map_err(|error| error.to_string())?;
    let npm = Command::new("npm")
        .args(["install", "--silent", "--no-fund", "--no-audit"])
        .args(PACKAGES)
        .current_dir(&folder)
        .status()
        .map_err(|error| format!("npm does not start: {error}"))?;
    if npm.success() { Ok(folder) } else { Err("npm could not install it".to_owned()) }
}
