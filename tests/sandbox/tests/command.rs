//! The command: what it prints, the data of a folder, and the table of what it answers.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use common::{client, send};
use serde_json::{Value as Json, json};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qlik-sandbox"));
    command.args(arguments);
    command
}

/// A sandbox of its own process, ended when it is dropped.
struct Running {
    child: Child,
    host: String,
    key: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().expect("a process");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let lines: Vec<String> = lines.take(4).map(|line| line.expect("a line")).collect();
        let value = |name: &str| {
            let found = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            found.unwrap_or_else(|| panic!("no {name} in {lines:?}")).to_owned()
        };
        Self { host: value("QLIK_HOST"), key: value("QLIK_API_KEY"), child }
    }

    async fn get(&self, path: &str) -> Json {
        let (status, body) = send(client().get(format!("{}{path}", self.host)).bearer_auth(&self.key)).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_folder_of_csv_files_is_the_data() {
    let folder = std::env::temp_dir().join(format!("qlik-sandbox-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.to_str().expect("a path").to_owned();
    let nothing = command(&["--data", &path]).output().expect("an end");
    assert!(!nothing.status.success());
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("no CSV files"), "{nothing:?}");

    // As people have them: of a spreadsheet, with a mark in front and semicolons; short rows; other files beside them.
    std::fs::write(folder.join("Shops.CSV"), "\u{feff}Shop;City\r\n1;\"Oslo; west\"\r\n2;Bergen\r\n3\r\n")
        .expect("written");
    std::fs::write(folder.join("till.csv"), "Shop,Paid\n1,10.5\n1,2\n2,7\n9,1\n").expect("written");
    std::fs::write(folder.join("notes.txt"), "not this one").expect("written");
    {
        let running = Running::start(&["--data", &path, "--api-key", "mine"]);
        assert_eq!(running.key, "mine");
        let app = running.get("/api/v1/items?resourceType=app&name=Outdoor").await["data"][0]["resourceId"].clone();
        let at = format!("/api/v1/apps/{}/data/metadata", app.as_str().expect("an app"));
        let told = running.get(&at).await;
        let tables: Vec<&Json> = told["tables"].as_array().expect("tables").iter().map(|t| &t["name"]).collect();
        assert_eq!(tables, ["Shops", "till"]);
        let address = running.host.trim_start_matches("http://").parse().expect("an address");
        let mut engine = common::Engine::open(address, &running.key, app.as_str().expect("an app")).await;
        let table = json!([{ "qInfo": { "qType": "table" }, "qHyperCubeDef": {
            "qDimensions": [{ "qDef": { "qFieldDefs": ["City"], "qSortCriterias": [{ "qSortByAscii": 1 }] } }],
            "qMeasures": [{ "qDef": { "qDef": "Sum(Paid)" } }],
            "qInitialDataFetch": [{ "qWidth": 2, "qHeight": 9 }],
        } }]);
        let table =
            engine.call(1, "CreateSessionObject", table).await["qReturn"]["qHandle"].as_i64().expect("a handle");
        let layout = engine.call(table, "GetLayout", json!([])).await;
        let rows = layout["qLayout"]["qHyperCube"]["qDataPages"][0]["qMatrix"].as_array().expect("rows").clone();
        let rows: Vec<Json> = rows.iter().map(|row| json!([row[0]["qText"], row[1]["qNum"]])).collect();
        assert_eq!(json!(rows), json!([["Bergen", 7], ["Oslo; west", 12.5], ["-", 1]]));
        engine.call(1, "DoReload", json!([])).await;
        let progress = engine.call(-1, "GetProgress", json!([0])).await["qProgressData"].clone();
        let messages = progress["qPersistentProgressMessages"].as_array().expect("messages").clone();
        let about: Vec<&Json> = messages.iter().map(|message| &message["qMessageParameters"][0]).collect();
        assert_eq!(about, ["Reload", "Shops", "till", "Done"]);
    }
    std::fs::write(folder.join("again.csv"), "Shop,City\n").expect("written");
    let looped = command(&["--data", &path]).output().expect("an end");
    assert!(String::from_utf8_lossy(&looped.stderr).contains("rename that column"), "{looped:?}");
    std::fs::remove_dir_all(&folder).expect("gone again");
}

/// What it prints is counted here, and against the library.
#[test]
fn the_table_of_what_is_answered_is_counted() {
    let printed = command(&["--operations"]).output().expect("an end");
    let printed = String::from_utf8(printed.stdout).expect("text");
    let of = |kind: &str| printed.lines().filter(|line| line.split(' ').next() == Some(kind)).count();
    let (stateful, made, engine) = (of("stateful"), of("synthesized"), of("engine"));
    assert_eq!((stateful + made, engine), (qlik_sandbox::operations().len(), qlik_sandbox::methods().len()));
    assert_eq!((stateful, made, engine), (81, 603, 162));
    let sums =
        format!("REST: 684 operations, {stateful} stateful, {made} synthesized\nEngine: {engine} methods of 336\n");
    assert!(printed.ends_with(&sums), "{printed}");
    let help = command(&["--help"]).output().expect("an end");
    let help = String::from_utf8(help.stdout).expect("text");
    for option in ["--data", "--listen", "--tls", "--fault", "half-open", "+SKIP"] {
        assert!(help.contains(option), "{option} is not in the help");
    }
}
