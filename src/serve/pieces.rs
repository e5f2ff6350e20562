//! Answers that are written while they are read: a piece of text, and the next one when there is room for it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::Frame;

/// About how many bytes a piece has.
pub(super) const PIECE: usize = 64 << 10;

/// The body of an answer whose pieces `next` gives, none of them empty. No thread waits for who reads it.
pub(super) fn body<T: Into<Bytes> + 'static>(next: impl FnMut() -> Option<T> + Send + Unpin + 'static) -> Body {
    Body::new(Pieces(next))
}

struct Pieces<F>(F);

impl<T: Into<Bytes>, F: FnMut() -> Option<T> + Unpin> hyper::body::Body for Pieces<F> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready((self.0)().map(|text| Ok(Frame::data(text.into()))))
    }
}
