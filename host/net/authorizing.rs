//! Digest authentication over the requests of a client: what servers asked for is remembered, so that only the
//! first request to each is sent twice. Used by `client`.

use std::rc::Rc;

use super::answer::Answer;
use super::chain::Chain;
use super::digest::{self, Asked, Challenge};
use super::error::{Error, ErrorKind};
use super::origin::Origin;
use super::request::Auth;

/// So many challenges are remembered.
const MOST: usize = 16;

/// A challenge, and how often its nonce was used.
struct Known {
    origin: Rc<Origin>,
    challenge: Challenge,
    count: u32,
}

/// The challenges of a client.
#[derive(Default)]
pub(super) struct Challenges(Vec<Known>);

impl Challenges {
    /// Sets the step's authorization, if it is known what the server wants.
    pub(super) fn authorize(&mut self, chain: &mut Chain<'_>) {
        let Some(Auth::Digest { user, password }) = chain.request.auth else { return };
        let step = &mut chain.step;
        let Some(known) = self.0.iter_mut().find(|known| known.origin.is(&step.origin)) else {
            return;
        };
        if !step.has_secrets {
            return;
        }
        known.count += 1;
        let text = known.challenge.answer(&Asked {
            method: step.method.as_str(),
            uri: &step.target,
            user,
            password,
            count: known.count,
            cnonce: &format!("{:032x}", rand::random::<u128>()),
        });
        step.given_auth = Some(text.into());
    }

    /// Takes the challenge of an answer; whether the request is to be sent again with the answer to it.
    ///
    /// # Errors
    /// `InvalidRequest` where it cannot be: its body is gone.
    pub(super) fn take(&mut self, chain: &mut Chain<'_>, answer: &Answer) -> Result<bool, Error> {
        let Some(challenge) = digest::challenge(answer.headers()) else { return Ok(false) };
        let is_refused = chain.answered_challenges > 0 && !challenge.is_stale;
        if is_refused || chain.answered_challenges >= 3 {
            return Ok(false);
        }
        if chain.step.upload(chain.request).is_some_and(|upload| !upload.rewind()) {
            let text = "the server asks for digest authentication, but the body, which a function gives, is sent \
                        already: make a request without a body first";
            return Err(Error::new(ErrorKind::InvalidRequest, text));
        }
        // A nonce that an earlier request was refused with counts as a first one as well.
        chain.answered_challenges += 1;
        let origin = chain.step.origin.clone();
        self.0.retain(|known| !known.origin.is(&origin));
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Known { origin, challenge, count: 0 });
        Ok(true)
    }
}
