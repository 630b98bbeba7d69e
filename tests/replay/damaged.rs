//! Files that are no recordings, or no longer: the error names file and line.

use qlik::Qlik;

use crate::Scratch;

const HEAD: &str = r#"{"qlik-recording":1,"host":"https://t.example.com","values_redacted":false}"#;

#[test]
fn says_which_line_is_wrong() {
    let opened = r#"{"socket":1,"opened":"/app/a"}"#;
    for (name, text, part) in [
        ("empty", String::new(), ":1: the file does not begin as a recording does"),
        (
            "other",
            "{\"a\":1}\n".to_owned(),
            ":1: the file does not begin as a recording does: missing field `qlik-recording`",
        ),
        ("newer", HEAD.replace(":1,", ":2,"), ":1: the recording is of version 2, and this crate reads version 1"),
        ("cut", format!("{HEAD}\n{{\"request\":{{\"method\":"), ":2:21: EOF while parsing a value"),
        ("member", format!("{HEAD}\n\n{{\"requests\":1}}"), ":3:11: unknown field `requests`"),
        (
            "answer",
            format!("{HEAD}\n{{\"request\":{{\"method\":\"GET\",\"path\":\"/\"}}}}"),
            ":2: a request has no answer",
        ),
        ("none", format!("{HEAD}\n{{}}"), ":2: the line has neither a request nor a socket"),
        ("two", format!("{HEAD}\n{{\"socket\":1,\"opened\":\"/\",\"closed\":1}}"), ":2: a line of a socket is one of"),
        ("again", format!("{HEAD}\n{opened}\n{opened}"), ":3: socket 1 is opened a second time"),
        (
            "unopened",
            format!("{HEAD}\n{opened}\n{{\"socket\":2,\"closed\":1000}}"),
            ":3: socket 2 was not opened before this line",
        ),
        ("zero", format!("{HEAD}\n{{\"socket\":0,\"closed\":1000}}"), ":2: socket 0 was not opened"),
    ] {
        let file = Scratch::new(name);
        std::fs::write(&file, text).unwrap();
        let error = Qlik::replay(&file).unwrap_err().to_string();
        let place = format!("{}{part}", file.as_ref().display());
        assert!(error.contains(&place), "{name}: {error}");
    }
    let error = Qlik::replay("no-such-file.jsonl").unwrap_err().to_string();
    assert!(error.starts_with("the recording no-such-file.jsonl cannot be read: "), "{error}");
}

#[tokio::test]
async fn what_is_odd_in_a_body_fails_its_own_call() {
    let file = Scratch::new("odd");
    let row = r#"{"request":{"method":"GET","path":"/x"},"answer":{"status":200,"body":{"base64":"?"}}}"#;
    let low = r#"{"request":{"method":"GET","path":"/y"},"answer":{"status":7,"body":{"bytes":4}}}"#;
    let good = r#"{"request":{"method":"GET","path":"/z"},"answer":{"status":200,"body":{"json":null}}}"#;
    let unchanged = r#"{"request":{"method":"GET","path":"/unchanged"},"answer":{"status":304}}"#;
    std::fs::write(&file, [HEAD, row, low, good, unchanged].join("\n")).unwrap();
    let qlik = file.replay();
    assert_eq!(qlik.get::<()>("/unchanged").if_none_match("\"v\"").await.unwrap_err().status(), Some(304));
    assert!(qlik.get::<()>("/x").await.unwrap_err().to_string().contains("base64"));
    assert!(qlik.get::<()>("/y").await.is_err());
    assert_eq!(qlik.get::<Option<String>>("/z").await.unwrap(), None);
}

#[test]
fn a_file_that_cannot_be_written_is_found_when_the_client_is_built() {
    let nowhere = std::env::temp_dir().join("qlik-no-such-folder").join("x.jsonl");
    let builder = Qlik::builder("https://t.example.com").auth(qlik::Auth::api_key("k"));
    let error = builder.record(qlik::replay::Recorder::to(&nowhere)).build().unwrap_err().to_string();
    assert!(error.contains("writing the recording") && error.contains("x.jsonl"), "{error}");
}
