//! Misbehaviour on command: which requests or frames it befalls, and what happens to them.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Harm {
    /// The answer comes later.
    Delay(Duration),
    /// The connection carries so many bytes in a second from here on.
    Bandwidth(u64),
    /// An error status in Qlik's shape.
    Status(u16),
    /// 429, with the seconds to wait.
    TooMany(u64),
    /// An error status with a proxy's HTML page. On a socket: a frame that is no JSON.
    Html(u16),
    /// The answer, or frame, breaks off after so many bytes of its body.
    Cut(usize),
    /// The connection ends at once.
    Drop,
    /// The connection stands, and says nothing any more.
    HalfOpen,
    /// The Engine's socket is closed with a code.
    Close(u16),
    /// A reply on the Engine's socket comes after the next one.
    Reorder,
    /// Every token and session is taken back, before the request is looked at.
    Revoke,
    /// The sandbox's clock moves on, before the request is looked at.
    Clock(Duration),
}

/// A fault: what goes wrong, where, and how often.
///
/// As text, for the command line: `[METHOD] PATH HARM[=VALUE] [xCOUNT] [+SKIP]`, such as
/// `GET /api/v1/items* status=503 x2` or `/app/* close=4001 +10`.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Fault {
    method: Option<String>,
    path: String,
    harm: Harm,
    skip: usize,
    left: Option<usize>,
}

impl Fault {
    /// Harm to every request on a path; `*` stands for any run of characters.
    pub fn new(path: &str, harm: Harm) -> Self {
        Self { method: None, path: path.to_owned(), harm, skip: 0, left: None }
    }

    /// Only with this HTTP method; or, on an Engine's socket, only calls of this method of the Engine.
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only so many times.
    pub fn times(mut self, count: usize) -> Self {
        self.left = Some(count);
        self
    }

    /// Not the first so many that fit.
    pub fn after(mut self, count: usize) -> Self {
        self.skip = count;
        self
    }

    fn befalls(&mut self, method: &str, path: &str) -> bool {
        let fits = self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        if !fits || self.left == Some(0) || !matches(&self.path, path) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.left = self.left.map(|left| left - 1);
        true
    }
}

/// Whether a pattern with stars fits a text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, rest)) => text.strip_prefix(head).is_some_and(|text| {
            let ends = text.char_indices().map(|(place, _)| place).chain([text.len()]);
            ends.into_iter().any(|place| matches(rest, &text[place..]))
        }),
    }
}

/// Why a text is no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFault(String);

impl fmt::Display for NoFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; write [METHOD] PATH HARM[=VALUE] [xCOUNT] [+SKIP], such as: GET /api/v1/items* status=503 x2",
            self.0
        )
    }
}

impl std::error::Error for NoFault {}

impl FromStr for Fault {
    type Err = NoFault;

    fn from_str(text: &str) -> Result<Self, NoFault> {
        let mut words = text.split_whitespace().peekable();
        let method = words.next_if(|word| !word.starts_with(['/', '*'])).map(str::to_owned);
        let path = words.next().ok_or_else(|| NoFault("the path is missing".to_owned()))?.to_owned();
        let harm = harm(words.next().ok_or_else(|| NoFault("what is to go wrong is missing".to_owned()))?)?;
        let mut fault = Self { method, ..Self::new(&path, harm) };
        for word in words {
            let number = |digits: &str| digits.parse().map_err(|_| NoFault(format!("{word} is no count")));
            match (word.strip_prefix('x'), word.strip_prefix('+')) {
                (Some(count), _) => fault.left = Some(number(count)?),
                (_, Some(skip)) => fault.skip = number(skip)?,
                _ => return Err(NoFault(format!("{word} is one word too many"))),
            }
        }
        Ok(fault)
    }
}

fn harm(word: &str) -> Result<Harm, NoFault> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let bad = || NoFault(format!("{word} has no value that {name} takes"));
    let code = || value.parse::<u16>().map_err(|_| bad());
    let time = || {
        let (digits, unit) = match value.strip_suffix("ms") {
            Some(digits) => (digits, 1),
            None => (value.strip_suffix('s').unwrap_or(value), 1_000),
        };
        digits.parse::<u64>().map(|count| Duration::from_millis(count.saturating_mul(unit))).map_err(|_| bad())
    };
    Ok(match name {
        "delay" => Harm::Delay(time()?),
        "bandwidth" => Harm::Bandwidth(value.parse().map_err(|_| bad())?),
        "status" => Harm::Status(code()?),
        "429" | "too-many" => Harm::TooMany(value.parse().map_err(|_| bad())?),
        "html" => Harm::Html(code()?),
        "cut" => Harm::Cut(value.parse().map_err(|_| bad())?),
        "drop" => Harm::Drop,
        "half-open" => Harm::HalfOpen,
        "close" => Harm::Close(code()?),
        "reorder" => Harm::Reorder,
        "revoke" => Harm::Revoke,
        "clock" => Harm::Clock(time()?),
        _ => return Err(NoFault(format!("there is no harm {name}"))),
    })
}

/// The faults of a sandbox. All that fit a request befall it, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Vec<Fault>>>);

impl Faults {
    /// Adds a fault.
    pub fn add(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    /// Takes all faults away; connections that were slowed or silenced stay so.
    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What is to befall a request or call.
    pub(crate) fn strike(&self, method: &str, path: &str) -> Vec<Harm> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter_mut().filter_map(|fault| fault.befalls(method, path).then(|| fault.harm.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_calls_make_the_same_faults() {
        let made = Fault::new("/api/v1/items*", Harm::Status(503)).method("GET").times(2);
        assert_eq!("GET /api/v1/items* status=503 x2".parse(), Ok(made));
        let made = Fault::new("/app/*", Harm::Close(4001)).after(10);
        assert_eq!("/app/* close=4001 +10".parse(), Ok(made));
        let made = Fault::new("*", Harm::Delay(Duration::from_millis(20)));
        assert_eq!("* delay=20ms".parse(), Ok(made));
        for text in ["", "GET", "/x", "/x boom", "/x status=many", "/x drop y2", "/x drop xx", "/x delay"] {
            let fault: Result<Fault, NoFault> = text.parse();
            assert!(fault.is_err(), "{text}");
        }
    }

    #[test]
    fn faults_befall_as_often_as_told() {
        let faults = Faults::default();
        faults.add(Fault::new("/a/*/c", Harm::Drop).method("get").after(1).times(2));
        let struck: Vec<usize> = (0..5).map(|_| faults.strike("GET", "/a/b/c").len()).collect();
        assert_eq!(struck, [0, 1, 1, 0, 0]);
        faults.add(Fault::new("*", Harm::Reorder));
        assert_eq!(faults.strike("POST", "/"), [Harm::Reorder]);
        faults.clear();
        assert!(faults.strike("POST", "/").is_empty());
        assert!(!matches("/a/*/c", "/a/b/d") && matches("*", "") && matches("/é*", "/éü"));
    }
}
