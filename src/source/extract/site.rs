//! The keys that stood at each place of earlier rows, and which of them is expected next.
//!
//! Predicted is the key that came last time behind the one before. The prediction holds if the very same bytes stand
//! there: comma, white space, key and colon. They need no parsing then, for equal bytes are the same key. If a key was
//! left out, or they come in another order, the other keys of the site are compared; if none fits, the key is parsed as
//! if nothing were known, and learned. The value behind it is read and checked in any case, so a wrong guess costs time
//! and never changes what is taken.

use super::{NodeId, RowKey, RowParser};
use crate::json;

/// A place in the tree of a row: `properties.status`, or the elements of an array.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// The numbers of its members.
    members: Vec<u32>,
    /// Which of them come first.
    pub(super) first: Follow,
    /// The site of the elements, for arrays; 0 when none was made.
    elements: u32,
    /// Whether trying the memo here has paid.
    pub(super) tries: u32,
    pub(super) hits: u32,
    /// Values to let pass before the memo is tried again.
    pub(super) pause: u32,
}

/// The two members that came here last, the latest first; [`NOBODY`] for none.
pub(super) type Follow = [u32; 2];

/// A key at a site. One that may come first and later is two members: only the later one has a comma.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Member {
    /// Everything from behind the value before (or the opening bracket) to the value, as it stood last.
    lead: Lead,
    pub(super) follow: Follow,
    /// 0 when none was made.
    pub(super) site: u32,
    /// The node of the tree; none where nothing is wanted.
    pub(super) node: Option<NodeId>,
    first: bool,
    key: Box<str>,
}

/// The member before all others, which stands nowhere.
pub(super) const NOBODY: u32 = 0;

/// No site: nothing is learned there.
pub(super) const NOWHERE: u32 = 0;
/// The site of the rows themselves.
pub(super) const ROW: u32 = 1;

/// Keys learned per site, and sites in all: a bag of arbitrary keys must not fill memory.
const MOST_MEMBERS: usize = 64;
const MOST_SITES: usize = 4096;

/// How far the start of a short value's end lies at most from the end of the value before; bytes that are looked at
/// with one check of bounds.
const AHEAD: usize = 128;

/// Where an expected member leads to.
pub(super) enum Predicted {
    /// To its value.
    Value(usize),
    /// Behind its value.
    Passed(usize),
    /// Into its value, a string that is plain so far.
    Inside { start: usize, plain: usize },
}

/// The bytes before a value, key included: `,"name":`, to be compared in one piece.
#[derive(Debug)]
pub(super) struct Lead {
    bytes: [u8; 32],
    /// All ones where a byte counts.
    mask: [u8; 32],
    len: u8,
}

impl Default for Lead {
    /// One that stands nowhere.
    fn default() -> Lead {
        Lead { bytes: [1; 32], mask: [0; 32], len: 0 }
    }
}

impl Lead {
    /// Long ones are not worth comparing.
    fn new(text: &[u8]) -> Lead {
        let mut lead = Lead::default();
        if let Some(bytes) = lead.bytes.get_mut(..text.len()) {
            bytes.copy_from_slice(text);
            lead.bytes[text.len()..].fill(0);
            lead.mask[..text.len()].fill(u8::MAX);
            lead.len = u8::try_from(text.len()).expect("at most 32");
        }
        lead
    }
}

impl RowParser {
    /// If the expected member stands at `at`: its value or, if that is short, plain and not wanted, where it ends; and
    /// who is expected next.
    #[inline]
    pub(super) fn predict(&self, bytes: &[u8], at: usize, expected: u32) -> Option<(Predicted, Follow)> {
        let here = bytes.get(at..)?.first_chunk::<AHEAD>()?;
        let member = &self.members[expected as usize];
        let lead = &member.lead;
        if !json::masked_eq(here.first_chunk()?, &lead.bytes, &lead.mask) {
            return None;
        }
        let value = usize::from(lead.len) % 64;
        if member.node.is_none() {
            if here[value] == b'"' {
                let inside: &[u8; 64] = here[value + 1..].first_chunk()?;
                let (start, plain) = (at + value + 1, json::glance(inside)?);
                let step = if inside.get(plain) == Some(&b'"') {
                    Predicted::Passed(start + plain + 1)
                } else {
                    Predicted::Inside { start, plain: start + plain }
                };
                return Some((step, member.follow));
            } else if here[value..].first_chunk()? == b"null" {
                return Some((Predicted::Passed(at + value + 4), member.follow));
            }
        }
        Some((Predicted::Value(at + value), member.follow))
    }

    /// Which member of the site stands at `at`, and where its value begins, where another one than expected stands:
    /// keys may be left out, or come in another order.
    #[inline(never)]
    pub(super) fn find(
        &mut self,
        bytes: &[u8],
        at: usize,
        site: u32,
        before: u32,
        first: bool,
    ) -> Option<(usize, u32)> {
        let here = bytes.get(at..)?.first_chunk()?;
        if here[0] != if first { b'"' } else { b',' } {
            return None;
        }
        let follow = if first { self.sites[site as usize].first } else { self.members[before as usize].follow };
        let stands = |&number: &u32| {
            let member = &self.members[number as usize];
            member.first == first && json::masked_eq(here, &member.lead.bytes, &member.lead.mask)
        };
        let all = &self.sites[site as usize].members;
        let found = if stands(&follow[1]) { follow[1] } else { all.iter().copied().find(stands)? };
        self.follows(site, before, first, found);
        Some((at + usize::from(self.members[found as usize].lead.len), found))
    }

    /// Notes that a member of the site came first, or behind another one.
    fn follows(&mut self, site: u32, before: u32, first: bool, found: u32) {
        let follow =
            if first { &mut self.sites[site as usize].first } else { &mut self.members[before as usize].follow };
        if before != NOBODY || first {
            *follow = [found, follow[0]];
        }
    }

    /// Finds the key that stands here among those of the site, or adds it; sets `before` to it.
    #[expect(clippy::too_many_arguments, reason = "the whole state of the loop in `bag`")]
    #[inline(never)]
    pub(super) fn learn(
        &mut self,
        bytes: &[u8],
        at: usize,
        key: &RowKey,
        first: bool,
        site: u32,
        node: Option<NodeId>,
        before: &mut u32,
    ) -> (u32, Option<NodeId>) {
        let text = &*json::unescaped(json::text(&bytes[key.start..key.passed.end()]), key.passed);
        let child = node.and_then(|node| self.tree.child(node, text));
        let previous = std::mem::replace(before, NOBODY);
        if site == NOWHERE {
            return (NOWHERE, child);
        }
        let lead = Lead::new(&bytes[at..key.value]);
        let known = self.sites[site as usize].members.iter().copied().find(|&number| {
            let member = &self.members[number as usize];
            *member.key == *text && member.first == first
        });
        let number = match known {
            Some(number) => number,
            None => {
                let new = self.sites.len();
                if self.is_wild(site) || new >= MOST_SITES {
                    return (NOWHERE, child);
                }
                self.sites.push(Site::default());
                let inner = u32::try_from(new).expect("there are few sites");
                let number = u32::try_from(self.members.len()).expect("there are few members");
                let member = Member { site: inner, node: child, first, key: text.into(), ..Member::default() };
                self.members.push(member);
                self.sites[site as usize].members.push(number);
                number
            }
        };
        self.members[number as usize].lead = lead;
        self.follows(site, previous, first, number);
        *before = number;
        let member = &self.members[number as usize];
        (member.site, member.node)
    }

    /// Whether the keys of bags here are not worth learning: there are too many of them.
    #[inline]
    pub(super) fn is_wild(&self, site: u32) -> bool {
        site == NOWHERE || self.sites[site as usize].members.len() >= MOST_MEMBERS
    }

    /// The site of an array's elements.
    pub(super) fn elements(&mut self, site: u32) -> u32 {
        let new = self.sites.len();
        match self.sites[site as usize].elements {
            _ if site == NOWHERE => NOWHERE,
            NOWHERE if new < MOST_SITES => {
                self.sites.push(Site::default());
                let new = u32::try_from(new).expect("there are few sites");
                self.sites[site as usize].elements = new;
                new
            }
            known => known,
        }
    }
}
