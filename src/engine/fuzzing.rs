//! The way in for the fuzz targets, built with `--cfg fuzzing`; and for the tests, which run their seeds and what
//! becomes of them by chance.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::delta::Lanes;
use super::frame::{self, Incoming};
use super::method::MethodName;
use super::notification::Notification;
use super::pending::Delivery;
use super::{reply, types};
use crate::record;

/// Reads a frame as a session does, and what is in it as some types do.
pub fn frame(text: &str) {
    let Ok(incoming) = Incoming::parse(text) else { return };
    let method = MethodName::new("Doc", "Fuzz");
    if let Some(name) = incoming.method {
        let params = incoming.params.and_then(|place| text.get(place));
        let params = params.and_then(|json| serde_json::from_str(json).ok()).unwrap_or(Value::Null);
        Notification { method: name, params }.notice();
        return;
    }
    let frame = Utf8Bytes::from(text.to_owned());
    let (result, error, delta) = (incoming.result, incoming.error, incoming.delta);
    let Ok(answer) = reply::answer(Delivery { frame, result, error, delta, epoch: 0 }, &method) else { return };
    let json = answer.body.json();
    for out in ["qReturn", "qValue", "qLayout"] {
        let Ok(Some(member)) = frame::member(&json, out) else { continue };
        reads::<Value>(member.get());
        reads::<types::GenericObjectLayout>(member.get());
        reads::<types::FieldValue>(member.get());
        reads::<types::ObjectInterface>(member.get());
    }
}

/// What reads is written, and reads again as the same.
fn reads<T: record::Wire>(json: &str) {
    if let Ok(value) = record::from_str::<T>(json) {
        let written = record::to_vec(&value).expect("what was read can be written");
        let again = record::from_slice::<T>(&written).expect("what was written can be read");
        assert_eq!(record::to_value(&value).ok(), record::to_value(&again).ok());
    }
}

/// Applies deltas, one on each line, as the replies of one method of one object.
pub fn deltas(text: &str) {
    let saved = Arc::new(AtomicU64::new(0));
    let Some(lane) = Lanes::default().of("GetLayout", &saved) else { return };
    for (id, line) in (1..).zip(text.lines()) {
        let frame = format!(r#"{{"qLayout":{line}}}"#);
        let result = Some(0..frame.len());
        let delivery = Delivery { frame: frame.into(), result, error: None, delta: true, epoch: 0 };
        lane.arrive(id, delivery, true);
        let Ok(tree) = lane.take(id) else { return };
        for value in tree.values() {
            let written = value.to_string();
            let read: Option<types::GenericObjectLayout> = record::from_value(Value::clone(value)).ok();
            drop((written, read));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    const FRAMES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/frames");
    const DELTAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds/deltas");

    /// The seeds in a folder; none where the crate was packed without them.
    fn seeds(folder: &str) -> Vec<String> {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut seeds: Vec<_> = files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
        seeds.sort();
        if seeds.is_empty() {
            seeds.push("{}".to_owned());
        }
        seeds
    }

    /// A seed with pieces of seeds in places where they do not belong.
    fn spoiled(folder: &str) -> impl Strategy<Value = String> + use<> {
        let seeds = seeds(folder);
        let seed = prop::sample::select(seeds.clone());
        let cuts = prop::collection::vec((any::<prop::sample::Index>(), 0..40_usize), 1..6);
        let all = seeds.join("\n");
        (seed, cuts.clone(), cuts).prop_map(move |(seed, places, pieces)| {
            let mut bytes = seed.into_bytes();
            for ((place, gone), (from, length)) in places.into_iter().zip(pieces) {
                let start = place.index(bytes.len() + 1);
                let end = (start + gone / 3).min(bytes.len());
                let from = from.index(all.len());
                let piece = all.as_bytes().iter().skip(from).take(length).copied();
                bytes.splice(start..end, piece);
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }

    #[test]
    fn seeds_do_no_harm() {
        seeds(FRAMES).iter().for_each(|seed| super::frame(seed));
        seeds(DELTAS).iter().for_each(|seed| super::deltas(seed));
    }

    #[test]
    fn numbers_read_to_the_last_bit() {
        for text in
            ["0.30000000000000004", "2.2222222e36", "2222222200000000009951084489762988943", "1.7976931348623157e308"]
        {
            let number: f64 = crate::record::from_str(text).unwrap();
            assert_eq!(number, text.parse::<f64>().unwrap(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn spoiled_frames_do_no_harm(text in spoiled(FRAMES)) {
            super::frame(&text);
        }

        #[test]
        fn spoiled_deltas_do_no_harm(text in spoiled(DELTAS)) {
            super::deltas(&text);
        }
    }
}
