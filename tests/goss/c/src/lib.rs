//! The Rust half.

use std::ffi::{CStr, c_char, c_int};

unsafe extern "C" {
    fn answer(to: *mut c_char, size: usize) -> c_int;
}

/// What the C half says.
#[must_use]
pub fn asked() -> String {
    let mut text = [0; 16];
    // SAFETY: it writes no more than it is told, with a zero at the end.
    let text = unsafe {
        answer(text.as_mut_ptr(), text.len());
        CStr::from_ptr(text.as_ptr())
    };
    text.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_c_half_answers() {
        assert_eq!(super::asked(), "42");
    }
}
