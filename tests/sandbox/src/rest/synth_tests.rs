//! All operations of the descriptions: each reads, and what is made up for each is what its schema takes.

use serde_json::Value as Json;

use super::describe::{self, judge, resolved};
use super::{Request, STATEFUL, made, operations};

#[test]
fn every_operation_is_there_and_known_by_its_path() {
    let all = operations();
    assert_eq!(all.len(), 684);
    for (method, path, name, _) in &all {
        let segments: Vec<String> = path.split('/').skip(1).map(str::to_owned).collect();
        let api = describe::api_of(&segments).unwrap_or_else(|| panic!("{path} has no API"));
        let (found, _) = api.find(method, &segments).unwrap_or_else(|_| panic!("{method} {path} is not found"));
        assert_eq!(&found.id, name, "{method} {path}");
    }
    let stateful: Vec<&str> = all.iter().filter(|(.., stateful)| *stateful).map(|(_, _, name, _)| &**name).collect();
    assert!(STATEFUL.iter().all(|(name, _)| stateful.contains(name)), "a handler for an operation that there is not");
    assert_eq!(stateful.len(), STATEFUL.len() + 6);
}

#[test]
fn what_is_made_up_is_what_the_schema_takes() {
    let mut wrong = Vec::new();
    for api in describe::names().filter_map(describe::api) {
        for operation in &api.operations {
            let path = operation.path.replace(['{', '}'], "");
            let mut request =
                Request { method: operation.method.clone(), origin: "https://here".to_owned(), ..Request::default() };
            request.go_to(&path);
            let (_, variables) = api.find(&operation.method, &request.segments).expect("its own path");
            let answer = made::answer(&api, operation, &variables, &request).expect("an answer");
            assert_eq!(answer, made::answer(&api, operation, &variables, &request).expect("an answer"));
            let told = resolved(&api.document, &operation.told["responses"][answer.status.to_string()]);
            let contents = told["content"].as_object().into_iter().flatten();
            let schema =
                contents.clone().find(|(mime, _)| mime.contains("json")).map(|(_, content)| &content["schema"]);
            let (Some(body), Some(schema)) = (&answer.body, schema) else { continue };
            match judge(&api.document, schema, false) {
                Err(error) => wrong.push(format!("{}: {error}", operation.id)),
                Ok(judge) => {
                    wrong.extend(judge.iter_errors(body).take(1).map(|error| {
                        format!("{} at {}: {:.200}", operation.id, error.instance_path(), error.to_string())
                    }))
                }
            }
        }
    }
    // Its schema demands a number that is an object as well.
    wrong.retain(|wrong| !wrong.starts_with("getAppEvaluationComparison"));
    assert!(wrong.is_empty(), "{} of them\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_schema_of_a_request_can_be_judged() {
    let mut wrong = Vec::new();
    for api in describe::names().filter_map(describe::api) {
        for operation in &api.operations {
            let body = resolved(&api.document, &operation.told["requestBody"]);
            let bodies = body["content"].as_object().into_iter().flatten().map(|(_, content)| &content["schema"]);
            let parameters = operation.parameters.iter().map(|parameter| &parameter.schema);
            for schema in bodies.chain(parameters) {
                if let Err(error) = judge(&api.document, schema, true) {
                    wrong.push(format!("{}: {error}", operation.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn made_up_lists_have_pages() {
    let mut lists = 0;
    for api in describe::names().filter_map(describe::api) {
        for operation in api.operations.iter().filter(|operation| operation.method == "GET") {
            let mut request =
                Request { method: "GET".to_owned(), origin: "https://here".to_owned(), ..Request::default() };
            request.go_to(&operation.path.replace(['{', '}'], ""));
            let (_, variables) = api.find("GET", &request.segments).expect("its own path");
            let (mut pages, mut seen) = (0, Vec::new());
            let mut last = 0;
            loop {
                let answer = made::answer(&api, operation, &variables, &request).expect("an answer");
                let Some(body) = answer.body else { break };
                let Some(next) = next_of(&body) else {
                    last = body["data"].as_array().map(Vec::len).unwrap_or_default();
                    break;
                };
                assert!(next.starts_with("https://here/"), "{next}");
                assert!(!seen.contains(&next), "{} runs in a circle", operation.id);
                let (path, query) = next.trim_start_matches("https://here").split_once('?').unwrap_or((&next, ""));
                request.go_to(path);
                request.query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                seen.push(next);
                pages += 1;
                assert!(pages < 30, "{} does not end", operation.id);
            }
            lists += usize::from(pages > 0 && last > 0);
        }
    }
    assert!(lists > 60, "only {lists} lists have pages");
}

fn next_of(body: &Json) -> Option<String> {
    let next = &body["links"]["next"];
    let href = next.as_str().or_else(|| next["href"].as_str())?;
    (!href.is_empty()).then(|| href.to_owned())
}
