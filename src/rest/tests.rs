//! The seam that generated code stands on, tried with a small API in its shape.

use futures::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use self::things::{Things, types};
use crate::{Auth, Qlik};

/// An API as the generator writes it.
mod things {
    use std::future::IntoFuture;

    use crate::Result;
    use crate::rest::{Api, Call, FilePart, ItemStream, Located, Method, Operation, Pending, Tier};

    #[derive(Clone, Debug)]
    pub(super) struct Things(Api);

    impl Things {
        pub(super) fn new(api: Api) -> Self {
            Self(api)
        }

        pub(super) fn get_things(&self) -> calls::GetThings {
            calls::GetThings(self.0.call(&GET_THINGS))
        }

        pub(super) fn get_thing(&self, thing_id: &str) -> Call<types::Thing> {
            self.0.call(&GET_THING).path("thingId", thing_id)
        }

        pub(super) fn patch_thing(&self, thing_id: &str, body: &Vec<types::Thing>) -> Call<()> {
            self.0.call(&PATCH_THING).path("thingId", thing_id).json_as("application/json-patch+json", body)
        }

        pub(super) fn upload(&self, file: impl Into<FilePart>, json: &types::Thing) -> Call<Located> {
            self.0.call(&UPLOAD).part_file("File", file).part_json("Json", json)
        }

        pub(super) fn current(&self) -> Call<Located> {
            self.0.call(&CURRENT)
        }
    }

    static GET_THINGS: Operation =
        Operation::new("things", "getThings", Method::Get, "/api/v1/things").tier(Tier::One).accept("application/json");
    static GET_THING: Operation =
        Operation::new("things", "getThing", Method::Get, "/api/v1/things/{thingId}").deprecated();
    static PATCH_THING: Operation =
        Operation::new("things", "patchThing", Method::Patch, "/api/v1/things/{thingId}").tier(Tier::Special(60));
    static UPLOAD: Operation = Operation::new("things", "upload", Method::Post, "/api/v1/things").tier(Tier::Two);
    static CURRENT: Operation =
        Operation::new("things", "current", Method::Get, "/api/v1/things/current").follows_redirects(false);

    pub(super) mod calls {
        use super::*;

        #[derive(Debug)]
        pub(in super::super) struct GetThings(pub(super) Call<types::ListThings>);

        impl GetThings {
            pub(in super::super) fn limit(mut self, limit: i64) -> Self {
                self.0 = self.0.query("limit", limit);
                self
            }

            pub(in super::super) fn stream(self) -> ItemStream<types::Thing> {
                self.0.stream()
            }
        }

        impl IntoFuture for GetThings {
            type Output = Result<types::ListThings>;
            type IntoFuture = Pending<types::ListThings>;

            fn into_future(self) -> Self::IntoFuture {
                self.0.into_future()
            }
        }
    }

    pub(super) mod types {
        use crate::record::{Extra, record};

        pub(in super::super) struct Thing {
            pub(in super::super) name: Option<String>,
            pub(in super::super) extra: Extra,
        }
        record!(Thing, 0 name "name" None);

        pub(in super::super) struct ListThings {
            pub(in super::super) data: Option<Vec<Thing>>,
            pub(in super::super) next: Option<String>,
            pub(in super::super) extra: Extra,
        }
        record!(ListThings, 0 data "data" None, 1 next "next" None);

        impl crate::rest::Page for ListThings {
            type Item = Thing;

            fn into_items(self) -> Vec<Thing> {
                self.data.unwrap_or_default()
            }

            fn next(&self) -> Option<&str> {
                self.next.as_deref()
            }
        }
    }
}

/// A server that gives these answers in turn, and the requests that it got.
async fn serve(answers: &'static [&'static str]) -> (Things, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let requests = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (head, body) = answer.split_once("\n\n").unwrap();
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1 << 16];
            let length = socket.read(&mut request).await.unwrap();
            requests.push(String::from_utf8_lossy(&request[..length]).into_owned());
            let head = head.replace('\n', "\r\n");
            let length = body.len();
            let answer = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
        requests
    });
    let qlik = Qlik::builder(host).auth(Auth::api_key("key")).build().unwrap();
    (Things::new(qlik.api()), requests)
}

#[tokio::test]
async fn calls_answer_with_their_types() {
    let (things, requests) =
        serve(&["200 OK\n\n{\"name\":\"a\",\"new\":1}", "200 OK\n\n{\"data\":[]}", "204 No Content\n\n"]).await;
    let thing = things.get_thing("a/b").await.unwrap();
    assert_eq!(thing.name.as_deref(), Some("a"));
    assert_eq!(thing.extra["new"], 1);
    assert_eq!(things.get_things().limit(5).await.unwrap().data, Some(Vec::new()));
    things.patch_thing("x", &vec![thing]).await.unwrap();
    let requests = requests.await.unwrap();
    assert!(requests[0].starts_with("GET /api/v1/things/a%2Fb HTTP/1.1\r\n"));
    assert!(requests[1].starts_with("GET /api/v1/things?limit=5 HTTP/1.1\r\n"));
    assert!(requests[1].contains("accept: application/json\r\n"));
    assert!(requests[2].contains("content-type: application/json-patch+json\r\n"));
    assert!(requests[2].ends_with(r#"[{"name":"a","new":1}]"#), "{}", requests[2]);
}

#[tokio::test]
async fn pages_are_streamed() {
    let (things, requests) = serve(&[
        "200 OK\n\n{\"data\":[{\"name\":\"a\"},{\"name\":\"b\"}],\"next\":\"http://elsewhere/api/v1/things?next=x\"}",
        "200 OK\n\n{\"data\":[{\"name\":\"c\"}],\"next\":\"\"}",
    ])
    .await;
    let all: Vec<types::Thing> = things.get_things().limit(2).stream().try_collect().await.unwrap();
    assert_eq!(all.iter().filter_map(|thing| thing.name.as_deref()).collect::<String>(), "abc");
    assert!(requests.await.unwrap()[1].starts_with("GET /api/v1/things?next=x HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_redirect_can_be_the_answer() {
    let (things, _) = serve(&["302 Found\nlocation: https://elsewhere/things/7\n\n"]).await;
    let located = things.current().await.unwrap();
    assert_eq!((located.status(), located.id()), (302, Some("7")));
}

#[tokio::test]
async fn places_are_answers() {
    let (things, requests) = serve(&["201 Created\nlocation: /api/v1/things/9\n\n"]).await;
    assert_eq!(things.upload("abc", &types::Thing::default()).await.unwrap().id(), Some("9"));
    assert!(requests.await.unwrap()[0].contains("multipart/form-data"));
}

#[tokio::test]
async fn errors_name_the_operation() {
    let (things, _) = serve(&["404 Not Found\n\n", "200 OK\n\n{\"name\":"]).await;
    let error = things.get_thing("x").await.unwrap_err();
    assert_eq!(error.to_string(), "GET /api/v1/things/x (getThing): 404 Not Found");
    let error = things.get_thing("x").await.unwrap_err();
    assert!(error.to_string().starts_with("things getThing: "), "{error}");
    let error = things.get_thing("").await.unwrap_err();
    assert!(error.to_string().starts_with("things getThing: the value of `thingId` is empty"), "{error}");
}
