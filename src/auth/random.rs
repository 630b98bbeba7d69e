//! Values that nobody guesses, from the system's own source of randomness.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Error, Result};

/// Random bytes; an error where the system has none to give.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::auth(format!("the system gives no random numbers ({error}), and no guessable ones are used"))
    })?;
    Ok(bytes)
}

/// Random bytes as text of `A-Z a-z 0-9 - _`, which stands in URLs as it is: 43 characters for 32 bytes.
#[cfg_attr(not(any(feature = "auth-interactive", feature = "auth-jwt")), allow(dead_code))]
pub(crate) fn text<const N: usize>() -> Result<String> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<N>()?))
}

/// Random bytes as hexadecimal digits.
pub(crate) fn hex<const N: usize>() -> Result<String> {
    Ok(bytes::<N>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_long_enough_and_never_the_same() {
        let (one, other) = (text::<32>().unwrap(), text::<32>().unwrap());
        assert_eq!((one.len(), other.len()), (43, 43));
        assert_ne!(one, other);
        assert_eq!(hex::<8>().unwrap().len(), 16);
    }
}
