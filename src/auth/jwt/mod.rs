//! Tokens signed with a key of one's own.

mod key;
mod user;

pub use self::key::SigningKey;
pub use self::user::SignedJwt;
