//! What a server may answer to the request for a socket, and what the request looks like.

use qlik::{Auth, Error, Qlik};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Asks a server that answers with these bytes, and ends; returns the request, and what came of it.
async fn asked(answer: &[u8]) -> (String, Error) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("http://{}/", listener.local_addr().unwrap());
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
        }
        // A client that has read enough may be gone.
        let _ = stream.write_all(answer).await;
        let _ = stream.shutdown().await;
        String::from_utf8(request).unwrap()
    };
    let qlik = Qlik::builder(host).auth(Auth::api_key("hunter2-hunter2")).build().unwrap();
    let connect = async {
        match qlik.session("an app").connect().await {
            Ok(_) => panic!("it opened"),
            Err(error) => error,
        }
    };
    let (request, error) = futures::join!(serve, connect);
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    (request, error)
}

#[tokio::test]
async fn answers_that_open_no_socket() {
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n";
    let wrong = format!("{upgrade}Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n");
    let none = format!("{upgrade}\r\n");
    let endless = vec![b'x'; 200_000];
    let headers = [b"HTTP/1.1 101 Yes\r\n".to_vec(), b"X: y\r\n".repeat(20_000)].concat();
    for (answer, part) in [
        (wrong.as_bytes(), "does not open a WebSocket"),
        (none.as_bytes(), "does not open a WebSocket"),
        (b"HTTP/1.1 101 Yes\r\n\r\n", "does not open a WebSocket"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not HTTP"),
        (&endless, "not HTTP"),
        (&headers, "not HTTP"),
        (b"", "without an answer"),
        (b"HTTP/1.1 101 Swi", "without an answer"),
    ] {
        let (_, error) = asked(answer).await;
        assert!(matches!(error, Error::Transport(_)) && error.to_string().contains(part), "{part}: {error}");
    }
    for (answer, status, part) in [
        (&b"HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\nno such"[..], 404, "no such"),
        (b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 99999999999\r\n\r\nmoved", 302, "login page"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n<title>Hub</title>", 200, "without opening"),
        (b"HTTP/1.1 429 Too Many\r\n\r\n", 429, "too many"),
    ] {
        let (_, error) = asked(answer).await;
        assert!(error.status() == Some(status) && error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn the_request_is_that_of_a_socket() {
    let (request, error) = asked(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await;
    assert!(error.is_auth());
    let (line, headers) = request.split_once("\r\n").unwrap();
    assert_eq!(line, "GET /app/an%20app HTTP/1.1");
    let headers = headers.to_lowercase();
    for header in [
        "host: 127.0.0.1:",
        "connection: upgrade\r\n",
        "upgrade: websocket\r\n",
        "sec-websocket-version: 13\r\n",
        "sec-websocket-key: ",
        "authorization: bearer hunter2-hunter2\r\n",
        "user-agent: qlik-rust/",
    ] {
        assert_eq!(headers.matches(header).count(), 1, "{header}: {headers}");
    }
}
