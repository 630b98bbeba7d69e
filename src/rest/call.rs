//! A call: a request with its values, sent when it is awaited.

use std::fmt::{self, Display};
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::BoxFuture;

use super::chunks::{self, ChunkStream};
use super::page::{self, ItemStream, Page, PageStream};
use super::{Again, Answer, Api, Body, Download, FilePart, Reply, Response, Retry};
use crate::Result;
use crate::http::pipeline;
use crate::http::reply::Wanted;
use crate::http::request::Request;
use crate::record::{self, Wire};

/// A REST call that answers with a `T`. Awaiting it sends it.
///
/// The calls of the typed clients come with everything that they need; the methods here add what they do not
/// describe, and are all there is to a raw call ([`Qlik::get`](crate::Qlik::get) and the like). What cannot be sent, as
/// an empty value for a path, is an error of the sending; nothing panics.
///
/// ```no_run
/// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
/// use std::time::Duration;
///
/// let items: serde_json::Value = qlik
///     .get("/api/v1/items")
///     .query("resourceType", "app")
///     .timeout(Duration::from_secs(10))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct Call<T> {
    api: Api,
    request: Box<Request>,
    answer: PhantomData<fn() -> T>,
}

impl<T: Answer> Call<T> {
    pub(super) fn new(api: Api, request: Request) -> Self {
        Self { api, request: Box::new(request), answer: PhantomData }
    }

    pub(super) fn pending(self) -> Pending<T> {
        Pending { answered: answered(self.api, self.request, T::STREAMED), answer: PhantomData }
    }

    /// Puts a value into the place of `{name}` in the path. It stays one segment: a slash in it is encoded.
    pub fn path(mut self, name: &str, value: impl Display) -> Self {
        self.request.path(name, &value);
        self
    }

    /// Puts a path into the place of `{name}` in the path: its slashes stay, its segments are encoded.
    pub fn path_slashed(mut self, name: &str, value: impl Display) -> Self {
        self.request.path_slashed(name, &value);
        self
    }

    /// Adds a pair to the query.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.request.target.add(name, &value);
        self
    }

    /// Adds a pair to the query for each value: `id=1&id=2`.
    pub fn query_each<V: Display>(mut self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        for value in values {
            self.request.target.add(name, &value);
        }
        self
    }

    /// Adds one pair to the query for all the values, joined by the separator: `id=1,2`. Without values, adds none.
    pub fn query_joined<V: Display>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = V>,
        separator: char,
    ) -> Self {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        self.request.target.add_joined(name, &values, separator);
        self
    }

    /// Sets a header. Those that follow from the client's settings or from the body cannot be set.
    pub fn header(mut self, name: &str, value: impl Display) -> Self {
        self.request.header(name, &value);
        self
    }

    /// Sets the media type of the answer that is wanted, where an operation has several.
    pub fn accept(mut self, media_type: &str) -> Self {
        self.request.accept(media_type);
        self
    }

    /// Sets how long this call may take as a whole; see [`QlikBuilder::timeout`](crate::QlikBuilder::timeout). Unlike
    /// there, waiting for the client's own rate limit counts.
    ///
    /// A body that is streamed counts into it, unlike into the client's own limit. For a [`Download`] it is the time
    /// until the answer begins, and then the longest silence.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.request.timeout = Some(limit);
        self
    }

    /// Sets when this call is tried again; see [`QlikBuilder::retry`](crate::QlikBuilder::retry).
    pub fn retry(mut self, retry: Retry) -> Self {
        self.request.retry = Some(retry);
        self
    }

    /// Sets a JSON body.
    pub fn json<B: Wire>(self, body: &B) -> Self {
        self.json_as("application/json", body)
    }

    /// Sets a JSON body with a media type of its own, as `application/json-patch+json`.
    pub fn json_as<B: Wire>(mut self, content_type: &str, body: &B) -> Self {
        self.request.json(content_type, record::to_vec(body));
        self
    }

    /// Sets a JSON body from a type of the program's own; the answer can be read as one by [`Json`](super::Json).
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// use qlik::rest::Json;
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Thing {
    ///     name: String,
    /// }
    ///
    /// let thing = Thing { name: "Sales".into() };
    /// let Json(made): Json<Thing> = qlik.post("/api/v1/brand-new").json_of(&thing).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn json_of<B: serde::Serialize + ?Sized>(mut self, body: &B) -> Self {
        self.request.json("application/json", serde_json::to_vec(body));
        self
    }

    /// Carries the call out only if what it is about is still at this version, by a header `If-Match`. A version comes
    /// from [`Response::etag`]; status 412 says that there is another one now.
    pub fn if_match(self, version: impl Display) -> Self {
        self.header("If-Match", version)
    }

    /// Asks for an answer only if there is another version than this one, by a header `If-None-Match`. Status 304 says
    /// that there is none; it is an [`Error`](crate::Error), for there is no answer to give.
    pub fn if_none_match(self, version: impl Display) -> Self {
        self.header("If-None-Match", version)
    }

    /// Sets a body in the form of `a=1&b=2`, from the members of an object.
    pub fn form<B: Wire>(mut self, body: &B) -> Self {
        self.request.form(record::to_value(body));
        self
    }

    /// Sets a body of any type.
    pub fn body(mut self, body: impl Into<Body>, content_type: &str) -> Self {
        self.request.body(body.into(), content_type);
        self
    }

    /// Gives the body that was set another media type, where an operation takes the same in several: a glossary as
    /// `application/json+atlan`, for one.
    pub fn content_type(mut self, media_type: &str) -> Self {
        self.request.content_type(media_type);
        self
    }

    /// Adds a part to a multipart body, written as JSON.
    pub fn part_json<B: Wire>(mut self, name: &str, value: &B) -> Self {
        self.request.part_json(name, record::to_vec(value));
        self
    }

    /// Adds a part to a multipart body: a text.
    pub fn part_text(mut self, name: &str, value: impl Display) -> Self {
        self.request.part(name, None, None, value.to_string().into());
        self
    }

    /// Adds a part to a multipart body: a file.
    pub fn part_file(mut self, name: &str, file: impl Into<FilePart>) -> Self {
        self.request.part_file(name, file.into());
        self
    }

    /// The client that it goes through.
    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// What it is, for errors.
    pub(super) fn name(&self) -> String {
        self.request.name()
    }

    /// Its path, with the values that were put into it.
    pub(super) fn path_so_far(&self) -> &str {
        self.request.target.path()
    }

    /// The same call, of whose answer nothing is read.
    #[cfg(feature = "reloads")]
    pub(super) fn ignoring(self) -> Call<()> {
        Call::new(self.api, *self.request)
    }

    /// Sends the call, and returns the answer with its status and headers.
    pub async fn send(self) -> Result<Response<T>> {
        let reply = answered(self.api, self.request, T::STREAMED).await?;
        let (status, headers) = (reply.0.status, reply.0.headers.clone());
        let value = T::read(reply)?;
        Ok(Response::new(status, headers, value))
    }

    /// Sends the call, and returns the answer as bytes that are read as they come, whatever its type.
    pub async fn download(self) -> Result<Download> {
        Call::<Download>::new(self.api, *self.request).await
    }
}

impl<T: Wire + Send + 'static> Call<T> {
    /// The answer in pieces, as the service makes them: documents one after the other, a line each, or server-sent
    /// events. So answers an assistant whose words are to be shown while they come.
    ///
    /// ```no_run
    /// # async fn run(qlik: qlik::Qlik) -> qlik::Result<()> {
    /// let mut answer = qlik.post::<serde_json::Value>("/api/v1/brand-new/actions/stream").chunks();
    /// while let Some(piece) = answer.next().await {
    ///     println!("{}", piece?["output"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn chunks(self) -> ChunkStream<T> {
        chunks::chunks(self.name(), self.download())
    }
}

impl<T: Page + Answer> Call<T> {
    /// The items of all the pages, one by one; a page is asked for when the one before it is used up.
    ///
    /// Links to further pages are followed on the client's own host only, whatever host they name. A link that leads
    /// back to a page that was already read ends the stream with an error: it would never end otherwise.
    ///
    /// ```no_run
    /// # async fn run<T: qlik::rest::Page + qlik::rest::Answer>(call: qlik::rest::Call<T>) -> qlik::Result<()> {
    /// use futures::TryStreamExt;
    ///
    /// let mut items = call.stream();
    /// while let Some(_item) = items.try_next().await? {}
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(self) -> ItemStream<T::Item> {
        page::items::<T>(self.api, *self.request)
    }

    /// The pages themselves, one by one, for what a list says besides its items, as a count; see
    /// [`stream`](Call::stream).
    pub fn pages(self) -> PageStream<T> {
        page::pages::<T>(self.api, *self.request)
    }
}

impl<T> fmt::Debug for Call<T> {
    /// Neither values nor bodies are shown: they may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Call").field(&self.request.name()).finish()
    }
}

impl<T: Answer> IntoFuture for Call<T> {
    type Output = Result<T>;
    type IntoFuture = Pending<T>;

    fn into_future(self) -> Pending<T> {
        self.pending()
    }
}

/// Sends a request; the same for all that calls answer with.
pub(super) fn answered(api: Api, request: Box<Request>, streamed: bool) -> BoxFuture<'static, Result<Reply>> {
    Box::pin(async move {
        let (wanted, again) = match streamed {
            true => (Wanted::Stream, Again::of(&api, &request)),
            false => (Wanted::Whole, None),
        };
        let mut reply = pipeline::send(&api.0, *request, wanted).await?;
        reply.again = again;
        Ok(Reply(reply))
    })
}

/// The future of a call. Dropping it gives the call up.
#[must_use = "a call is sent when it is awaited"]
pub struct Pending<T> {
    answered: BoxFuture<'static, Result<Reply>>,
    answer: PhantomData<fn() -> T>,
}

impl<T: Answer> Future for Pending<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.answered.as_mut().poll(context).map(|reply| T::read(reply?))
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pending")
    }
}
