//! Tests of the seam that generated code stands on.
