//! Accounts: what of a session lasts when it has ended. And how far somebody has read where, which lasts as long.

use std::collections::HashMap;

use jiff::Timestamp;

use super::World;
use super::apply::KNOWN;
use super::event::Event;
use super::refusal::Refusal;
use crate::entry::Audience;
use crate::id::{AccountId, UserId};
use crate::protocol::name::{Nickname, TalkName};
use crate::protocol::password::PasswordHash;

/// How far somebody has read: by the wall clock, for people, and never compared with anything but another of these.
pub type Markers = HashMap<TalkName, Timestamp>;

/// One account. Its nick is kept for it, whether it has a session or not.
#[derive(Clone, PartialEq, Debug)]
pub struct Account {
    /// Its number, never given to another.
    pub id: AccountId,
    /// The nick that is kept for it.
    pub name: Nickname,
    /// What is kept of its password; its session has the same.
    pub password: PasswordHash,
    /// The public key that it signs with, in base64; its session has the same.
    pub signing_key: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its living session.
    pub session: Option<UserId>,
    /// How far it has read where.
    pub markers: Markers,
}

/// Whose a marker is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeper {
    /// Of a session without an account.
    Session(UserId),
    /// Of an account.
    Account(AccountId),
}

impl Keeper {
    /// The number, which comes from one counter for both.
    pub const fn number(self) -> u64 {
        match self {
            Self::Session(user) => user.get(),
            Self::Account(account) => account.get(),
        }
    }
}

impl World {
    /// The account with this number.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The account that a nick is kept for.
    pub fn account_by_name(&self, nick: &str) -> Option<&Account> {
        let nick = Nickname::parse(nick).ok()?;
        self.accounts.get(self.account_names.get(&nick)?)
    }

    /// All accounts, in no order.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = &Account> {
        self.accounts.values()
    }

    /// The account of a session.
    pub fn account_of(&self, user: UserId) -> Option<&Account> {
        self.accounts.get(&self.users.get(&user)?.account?)
    }

    /// Who keeps the markers of a session.
    pub fn keeper_of(&self, user: UserId) -> Keeper {
        let account = self.users.get(&user).and_then(|user| user.account);
        account.map_or(Keeper::Session(user), Keeper::Account)
    }

    /// How far somebody has read where.
    pub fn markers(&self, keeper: Keeper) -> Option<&Markers> {
        match keeper {
            Keeper::Session(user) => self.users.get(&user).map(|user| &user.markers),
            Keeper::Account(account) => self.accounts.get(&account).map(|account| &account.markers),
        }
    }

    /// How far a session has read in one talk.
    pub fn marker(&self, user: UserId, target: &TalkName) -> Option<Timestamp> {
        self.markers(self.keeper_of(user))?.get(target).copied()
    }

    /// Whether a session may take a nick that nobody goes by.
    ///
    /// # Refusals
    /// `NicknameInUse` when it is kept for the account of somebody else.
    pub fn may_go_by(&self, nick: &Nickname, user: Option<UserId>) -> Result<(), Refusal> {
        let owner = self.account_names.get(nick).and_then(|id| self.accounts.get(id));
        match owner {
            Some(account) if user.is_none() || account.session != user => {
                Err(Refusal::NicknameInUse(nick.to_string()))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn apply_to_accounts(&mut self, event: &Event) -> Audience {
        match event {
            Event::AccountMade { account, name, password, signing_key, at } => {
                self.note_id(account.get());
                self.account_names.insert(name.clone(), *account);
                let made = Account {
                    id: *account,
                    name: name.clone(),
                    password: password.clone(),
                    signing_key: signing_key.clone(),
                    created_at: *at,
                    session: None,
                    markers: Markers::new(),
                };
                self.accounts.insert(*account, made);
            }
            Event::AccountEntered { user, account } => self.enter(*user, *account),
            Event::AccountDropped { account, session } => {
                let Some(dropped) = self.accounts.remove(account) else { return Audience::nobody() };
                self.account_names.remove(&dropped.name);
                if let Some(user) = session {
                    let user = self.user_mut(*user);
                    user.account = None;
                    user.markers = dropped.markers;
                }
            }
            Event::MarkerSet { keeper, target, at, instead_of } => {
                let markers = match keeper {
                    Keeper::Session(user) => &mut self.user_mut(*user).markers,
                    Keeper::Account(account) => &mut self.accounts.get_mut(account).expect(KNOWN).markers,
                };
                if let Some(target) = instead_of {
                    markers.remove(target);
                }
                markers.insert(target.clone(), *at);
            }
            _ => unreachable!("called for the events above alone"),
        }
        Audience::nobody()
    }

    /// The session has the password of its account, and its key; an account without a key gets that of the session.
    fn enter(&mut self, user: UserId, account: AccountId) {
        let user = self.users.get_mut(&user).expect(KNOWN);
        let account = self.accounts.get_mut(&account).expect(KNOWN);
        user.account = Some(account.id);
        account.session = Some(user.id);
        user.password = Some(account.password.clone());
        if account.signing_key.is_some() {
            user.signing_key.clone_from(&account.signing_key);
        }
        account.signing_key.clone_from(&user.signing_key);
        for (target, at) in user.markers.drain() {
            let marker = account.markers.entry(target).or_insert(at);
            *marker = at.max(*marker);
        }
    }

    /// What a session says of itself anew, its account says from now on.
    pub(super) fn bring_account_in_step(&mut self, user: UserId) {
        let user = &self.users[&user];
        let Some(account) = user.account.and_then(|account| self.accounts.get_mut(&account)) else { return };
        account.signing_key.clone_from(&user.signing_key);
        if let Some(password) = &user.password {
            account.password.clone_from(password);
        }
    }
}
