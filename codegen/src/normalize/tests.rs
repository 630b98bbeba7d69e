//! Each pass on the shape it is for.
