//! Content negotiation. An input is the value of one `Accept` header a line. Nothing here knows
//! which media types there are.

#![no_main]

use actix_web::http::header::{ACCEPT, HeaderValue};
use actix_web::test::TestRequest;
use chassis::{Media, negotiate};
use libfuzzer_sys::fuzz_target;

/// Each that there is.
const OFFERED: &[Media] = &[Media::Text, Media::Html, Media::Json];

fuzz_target!(|input: &[u8]| {
    // actix-web takes a field for a list at every comma, and passes over what is no range.
    let ranges: Vec<Vec<u8>> = input
        .split(|byte| b"\n,".contains(byte))
        .filter(|range| HeaderValue::from_bytes(range).is_ok())
        .map(<[u8]>::to_vec)
        .collect();
    let answer = negotiated(&ranges);

    let mut reversed = ranges.clone();
    reversed.reverse();
    assert_eq!(
        negotiated(&reversed),
        answer,
        "the order of the ranges counts"
    );

    let lines: Vec<_> = input
        .split(|byte| *byte == b'\n')
        .filter(|line| HeaderValue::from_bytes(line).is_ok())
        .map(<[u8]>::to_vec)
        .collect();
    let split = lines
        .iter()
        .flat_map(|line| line.split(|byte| *byte == b','));
    let split: Vec<_> = split.map(<[u8]>::to_vec).collect();
    assert_eq!(
        negotiated(&lines),
        negotiated(&split),
        "a list is not its parts"
    );

    let upper: Vec<_> = ranges
        .iter()
        .map(|range| range.to_ascii_uppercase())
        .collect();
    assert_eq!(negotiated(&upper), answer, "the case of the letters counts");

    let doubled = [ranges.clone(), ranges].concat();
    assert_eq!(negotiated(&doubled), answer, "saying it twice counts");
});

/// What a client that sends each of the values in a header of its own gets.
fn negotiated(values: &[Vec<u8>]) -> Option<Media> {
    let mut request = TestRequest::default();
    for value in values {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            request = request.append_header((ACCEPT, value));
        }
    }
    negotiate(&request.to_http_request(), OFFERED)
}
