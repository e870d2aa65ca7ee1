//! Hashing passwords and holding them against their hashes: slow by design, so few at a time, on threads of their
//! own, and with a short queue. An account that is not there takes as long as a wrong password.
//! Source: <https://www.rfc-editor.org/rfc/rfc9106>

use std::num::NonZero;
use std::sync::Arc;

use argon2::password_hash::{PasswordHash as Phc, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::protocol::password::{Password, PasswordHash};

/// Memory of one hash in KiB: the least that is recommended where many may be made at once.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;
/// Lanes, each of which could have a thread of its own.
const LANES: u32 = 1;
/// Bytes of chance in a salt.
const SALT_BYTES: usize = 16;
/// Requests that wait for their turn, about a second's work; a further one is told to try again.
const QUEUE_MAX: usize = 32;

/// Hashes passwords. Clones share the threads and the queue.
#[derive(Clone, Debug)]
pub struct Passwords {
    /// Hashes at once.
    turns: Arc<Semaphore>,
    /// Those, and the requests that wait for their turn.
    places: Arc<Semaphore>,
    params: Params,
    /// What a password is held against when there is no hash of it.
    dummy: PasswordHash,
}

/// Too many passwords wait already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too many passwords wait to be hashed")]
pub struct Crowded;

/// A password that was right.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The hash that it was held against.
    pub hash: PasswordHash,
    /// The same password hashed anew, where the parameters have changed since.
    pub rehashed: Option<PasswordHash>,
}

impl Default for Passwords {
    /// Half of the cores may be busy with hashes, the others are left to everything else.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("these are parameters of Argon2");
        Self::with(params, (cores / 2).max(1), QUEUE_MAX)
    }
}

impl Passwords {
    /// Makes the dummy now, with the very parameters that real hashes have, so that it takes as long as they do.
    fn with(params: Params, turns: usize, queue: usize) -> Self {
        let dummy = hash(&params, &rand::random::<[u8; SALT_BYTES]>());
        let (turns, places) = (Semaphore::new(turns), Semaphore::new(turns + queue));
        Self { turns: Arc::new(turns), places: Arc::new(places), params, dummy }
    }

    /// What is to be kept of a password.
    ///
    /// # Errors
    /// [`Crowded`]
    pub async fn hash(&self, password: &Password) -> Result<PasswordHash, Crowded> {
        let (params, password) = (self.params.clone(), password.clone());
        self.in_turn(move || hash(&params, password.as_bytes())).await
    }

    /// Holds a password against a hash; `None` when it is another. Takes as long where there is no hash, or no
    /// password that could be one.
    ///
    /// # Errors
    /// [`Crowded`]
    pub async fn verify(
        &self,
        password: Option<Password>,
        hash: Option<PasswordHash>,
    ) -> Result<Option<Verified>, Crowded> {
        let (params, dummy) = (self.params.clone(), self.dummy.clone());
        self.in_turn(move || {
            let typed = password.as_ref().map_or(&[][..], Password::as_bytes);
            let is_right = is_of(typed, hash.as_ref().unwrap_or(&dummy));
            let hash = hash.filter(|_| is_right && password.is_some())?;
            let rehashed = (!has_params(&hash, &params)).then(|| self::hash(&params, typed));
            Some(Verified { hash, rehashed })
        })
        .await
    }

    /// Does slow work when its turn comes. The turn ends with the work, also when nobody waits for it any more.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Crowded> {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Crowded)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| Crowded)?;
        let working = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        working.await.map_err(|_| Crowded)
    }
}

fn argon2(params: &Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
}

fn hash(params: &Params, password: &[u8]) -> PasswordHash {
    let salt = SaltString::encode_b64(&rand::random::<[u8; SALT_BYTES]>()).expect("16 bytes are a salt");
    let hash = argon2(params).hash_password(password, &salt).expect("a password of any length has a hash");
    PasswordHash::new(hash.to_string())
}

/// The hash says itself which parameters it was made with.
fn is_of(password: &[u8], hash: &PasswordHash) -> bool {
    Phc::new(hash.reveal()).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
}

fn has_params(hash: &PasswordHash, params: &Params) -> bool {
    Phc::new(hash.reveal()).is_ok_and(|hash| {
        let same = |found: Params| {
            (found.m_cost(), found.t_cost(), found.p_cost())
                == (params.m_cost(), params.t_cost(), params.p_cost())
        };
        hash.algorithm == Algorithm::Argon2id.ident() && Params::try_from(&hash).is_ok_and(same)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters that cost next to nothing.
    fn quick(passes: u32) -> Params {
        Params::new(Params::MIN_M_COST, passes, 1, None).unwrap()
    }

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap()
    }

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test)
    }

    #[test]
    fn a_password_is_good_for_its_own_hash_alone() {
        run(async {
            let passwords = Passwords::with(quick(1), 1, 1);
            let hash = passwords.hash(&password("right")).await.unwrap();
            assert!(hash.reveal().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", hash.reveal());
            assert_ne!(passwords.hash(&password("right")).await.unwrap(), hash, "each has a salt of its own");
            let verify = |typed, hash| passwords.verify(typed, hash);
            let good = verify(Some(password("right")), Some(hash.clone())).await.unwrap().unwrap();
            assert_eq!((good.hash, good.rehashed), (hash.clone(), None));
            assert!(verify(Some(password("wrong")), Some(hash.clone())).await.unwrap().is_none());
            assert!(verify(Some(password("right")), None).await.unwrap().is_none());
            assert!(verify(None, Some(hash)).await.unwrap().is_none());
            assert!(verify(Some(password("x")), Some(PasswordHash::new("no hash"))).await.unwrap().is_none());
        });
    }

    #[test]
    fn nobody_comes_in_by_the_dummy() {
        run(async {
            let passwords = Passwords::with(quick(1), 1, 1);
            // Even a dummy that is the hash of what was typed lets nobody in.
            let dummy = passwords.hash(&password("known")).await.unwrap();
            let passwords = Passwords { dummy, ..passwords };
            assert!(passwords.verify(Some(password("known")), None).await.unwrap().is_none());
            assert!(passwords.verify(None, None).await.unwrap().is_none());
        });
    }

    #[test]
    fn a_hash_of_other_parameters_is_good_and_made_anew() {
        run(async {
            let old = Passwords::with(quick(1), 1, 1).hash(&password("right")).await.unwrap();
            let passwords = Passwords::with(quick(2), 1, 1);
            let verified = passwords.verify(Some(password("right")), Some(old)).await.unwrap().unwrap();
            let new = verified.rehashed.expect("the parameters have changed");
            assert!(new.reveal().contains("t=2"), "{}", new.reveal());
            let again = passwords.verify(Some(password("right")), Some(new)).await.unwrap().unwrap();
            assert!(again.rehashed.is_none());
        });
    }

    #[test]
    fn the_dummy_has_the_parameters_of_real_hashes() {
        let passwords = Passwords::default();
        assert!(has_params(&passwords.dummy, &passwords.params));
        assert!(passwords.dummy.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }

    #[test]
    fn beyond_the_queue_nothing_is_hashed() {
        run(async {
            let passwords = Passwords::with(quick(1), 1, 1);
            let turn = Arc::clone(&passwords.turns).acquire_owned().await.unwrap();
            let _working = Arc::clone(&passwords.places).try_acquire_owned().unwrap();
            let waiting = tokio::spawn({
                let passwords = passwords.clone();
                async move { passwords.hash(&password("waits")).await }
            });
            tokio::task::yield_now().await;
            assert_eq!(passwords.hash(&password("too many")).await, Err(Crowded));
            drop(turn);
            assert!(waiting.await.unwrap().is_ok(), "its turn comes");
        });
    }

    #[test]
    fn whoever_leaves_the_queue_makes_room() {
        run(async {
            let passwords = Passwords::with(quick(1), 1, 0);
            let turn = Arc::clone(&passwords.turns).acquire_owned().await.unwrap();
            let waiting = tokio::spawn({
                let passwords = passwords.clone();
                async move { passwords.hash(&password("leaves")).await }
            });
            tokio::task::yield_now().await;
            assert_eq!(passwords.places.available_permits(), 0);
            waiting.abort();
            assert!(waiting.await.unwrap_err().is_cancelled());
            drop(turn);
            assert!(passwords.hash(&password("comes in")).await.is_ok());
        });
    }
}
