//! Tools for an agent, as the Model Context Protocol has them: a JSON schema for each, made from the generated types.
//!
//! It reads a request a line from the standard input and answers a line for each, so that an agent's host can start it
//! as a server. Started from a terminal, it shows a conversation instead. Without settings it works on the sandbox,
//! with `QLIK_HOST` and `QLIK_API_KEY` on your tenant, with what that key may do:
//!
//! ```sh
//! cargo run --features schemars --example mcp_tool
//! ```

use std::io::IsTerminal;

use qlik::engine::Proxy;
use qlik::engine::types::{GenericObjectProperties, HyperCubeDef, NxHypercubeMode, NxInfo, NxPage};
use qlik::rest::reloads::types::ReloadRequest;
use qlik::rest::spaces::types::SpaceCreate;
use qlik::{Auth, Qlik};
use qlik_sandbox::Sandbox;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (qlik, _sandbox) = connect().await?;
    if std::io::stdin().is_terminal() {
        return demonstrate(&qlik).await;
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(answer) = answer(&qlik, &line).await {
            println!("{answer}");
        }
    }
    Ok(())
}

/// The answer to a request; none to a notification.
async fn answer(qlik: &Qlik, line: &str) -> Option<Value> {
    let request: Value = match serde_json::from_str(line) {
        Ok(request) => request,
        Err(error) => return Some(failure(&Value::Null, -32700, &error.to_string())),
    };
    let id = request.get("id")?;
    let result = match request["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "qlik", "version": env!("CARGO_PKG_VERSION") },
        }),
        "ping" => json!({}),
        "tools/list" => json!({ "tools": tools() }),
        // What goes wrong in a tool is told to the agent, which may do better next time.
        "tools/call" => match call(qlik, &request["params"]).await {
            Ok(result) => json!({ "content": [{ "type": "text", "text": result.to_string() }] }),
            Err(error) => json!({ "content": [{ "type": "text", "text": error.to_string() }], "isError": true }),
        },
        method => return Some(failure(id, -32601, &format!("there is no method `{method}`"))),
    };
    Some(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

fn failure(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

/// What the agent is told: what each tool does, and the schema of what it takes.
fn tools() -> Value {
    let text = |_: &mut SchemaGenerator| json!({ "type": "string" });
    json!([
        {
            "name": "find_apps",
            "description": "Lists apps whose name contains some words, with their ids.",
            "inputSchema": object(&[("name", &text)]),
        },
        {
            "name": "read_cube",
            "description": "Calculates a hypercube in an app and gives its rows, 1000 at most.",
            "inputSchema": object(&[("appId", &text), ("qHyperCubeDef", &of::<HyperCubeDef>)]),
        },
        {
            "name": "create_space",
            "description": "Makes a space.",
            "inputSchema": object(&[("space", &of::<SpaceCreate>)]),
        },
        {
            "name": "reload_app",
            "description": "Reloads an app, waits for its end, and tells how it ended.",
            "inputSchema": object(&[("reload", &of::<ReloadRequest>)]),
        },
    ])
}

type Property<'a> = (&'a str, &'a dyn Fn(&mut SchemaGenerator) -> Value);

/// The schema of an object whose members are all demanded. Types that occur several times are defined once.
fn object(members: &[Property<'_>]) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let properties: Value = members.iter().map(|(name, of)| ((*name).to_owned(), of(&mut generator))).collect();
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let definitions = generator.take_definitions(true);
    json!({ "type": "object", "properties": properties, "required": names, "$defs": definitions })
}

/// The schema of a generated type.
fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

/// Does what a tool does.
async fn call(qlik: &Qlik, params: &Value) -> Result<Value, Error> {
    let arguments = &params["arguments"];
    let text = |name: &str| arguments[name].as_str().ok_or_else(|| format!("`{name}` is missing, a text"));
    match params["name"].as_str().unwrap_or_default() {
        "find_apps" => {
            let items = qlik.items().get_items().resource_type("app").name(text("name")?).limit(20).await?;
            let apps = items.data.iter().map(|item| json!({ "name": item.name, "appId": item.resource_id }));
            Ok(apps.collect())
        }
        "read_cube" => read_cube(qlik, text("appId")?, arguments["qHyperCubeDef"].clone()).await,
        "create_space" => {
            let space: SpaceCreate = serde_json::from_value(arguments["space"].clone())?;
            Ok(serde_json::to_value(qlik.spaces().create_space(&space).await?)?)
        }
        "reload_app" => {
            let request: ReloadRequest = serde_json::from_value(arguments["reload"].clone())?;
            let reload = qlik.reloads().queue_reload(&request).and_wait().await?;
            Ok(json!({ "status": reload.status, "endTime": reload.end_time }))
        }
        name => Err(format!("there is no tool `{name}`").into()),
    }
}

/// The rows of a cube, and its columns' titles.
async fn read_cube(qlik: &Qlik, app_id: &str, definition: Value) -> Result<Value, Error> {
    let mut cube: HyperCubeDef = serde_json::from_value(definition)?;
    let width = cube.dimensions.iter().flatten().count() + cube.measures.iter().flatten().count();
    // The engine gives 10,000 cells at a time.
    let height = 10_000_usize.checked_div(width).ok_or("the cube has neither dimensions nor measures")?.min(1000);
    let page = NxPage { width: Some(width.try_into()?), height: Some(height.try_into()?), ..Default::default() };
    (cube.mode, cube.initial_data_fetch) = (Some(NxHypercubeMode::S), Some(vec![page]));
    let properties = GenericObjectProperties {
        info: Some(NxInfo { type_: Some("tool".into()), ..Default::default() }),
        hyper_cube_def: Some(cube),
        ..Default::default()
    };
    // An identity of its own: the agent neither sees nor makes the selections of its user.
    let doc = qlik.session(app_id).identity("agent").open().await?;
    let object = doc.create_session_object(&properties).await?.scoped()?;
    let cube = object.get_layout().await?.hyper_cube.ok_or("there is no cube")?;
    let dimensions = cube.dimension_info.iter().flatten().map(|info| &info.fallback_title);
    let measures = cube.measure_info.iter().flatten().map(|info| &info.fallback_title);
    let columns: Vec<_> = dimensions.chain(measures).collect();
    let rows = cube.data_pages.iter().flatten().flat_map(|page| page.matrix.iter().flatten());
    let rows: Vec<Vec<_>> = rows.map(|row| row.iter().map(|cell| &cell.text).collect()).collect();
    Ok(json!({ "columns": columns, "rows": rows }))
}

/// A conversation as an agent would have it, for people.
async fn demonstrate(qlik: &Qlik) -> Result<(), Error> {
    for tool in tools().as_array().into_iter().flatten() {
        let told = |what: &str| tool[what].as_str().unwrap_or_default();
        println!("{:<14}{}", told("name"), told("description"));
        println!("{:14}{} bytes of schema", "", tool["inputSchema"].to_string().len());
    }
    let found = say(qlik, "find_apps", json!({ "name": "Sales" })).await;
    let apps: Value = serde_json::from_str(&found)?;
    let cube = json!({
        "qDimensions": [{ "qDef": { "qFieldDefs": ["Region"] } }],
        "qMeasures": [{ "qDef": { "qDef": "Sum(Sales)" } }],
    });
    say(qlik, "read_cube", json!({ "appId": apps[0]["appId"], "qHyperCubeDef": cube })).await;
    say(qlik, "reload_app", json!({ "reload": { "appId": "no-such-app" } })).await;
    Ok(())
}

async fn say(qlik: &Qlik, tool: &str, arguments: Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments });
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    println!("\n> {request}");
    let answer = answer(qlik, &request.to_string()).await.unwrap_or_default();
    println!("< {answer}");
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

/// A client of your tenant if the environment names one, else of a sandbox that runs in this process.
async fn connect() -> Result<(Qlik, Option<Sandbox>), Error> {
    if std::env::var_os("QLIK_HOST").is_some() {
        return Ok((Qlik::from_env()?, None));
    }
    let sandbox = Sandbox::start().await?;
    let qlik = Qlik::builder(sandbox.host()).auth(Auth::api_key(sandbox.api_key())).build()?;
    Ok((qlik, Some(sandbox)))
}
