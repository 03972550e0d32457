//! Interned slots: found by borrowed parts without an allocation, and a list
//! of those used since the last hand-over. Used by `recorder` for keys,
//! checks, failures and exceptions alike.

use hashbrown::HashTable;

#[derive(Debug)]
pub(super) struct Slots<T> {
    table: HashTable<u32>,
    /// Each with its hash, for when the table grows.
    items: Vec<(u64, T)>,
    /// Indices of the slots in use in this interval.
    used: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots { table: HashTable::new(), items: Vec::new(), used: Vec::new() }
    }
}

impl<T> Slots<T> {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn find(&self, hash: u64, same: impl Fn(&T) -> bool) -> Option<u32> {
        self.table.find(hash, |&index| same(&self.items[index as usize].1)).copied()
    }

    /// The slot of that hash; `make` makes it where there is none.
    pub(super) fn find_or_insert(
        &mut self,
        hash: u64,
        same: impl Fn(&T) -> bool,
        make: impl FnOnce() -> T,
    ) -> u32 {
        if let Some(index) = self.find(hash, same) {
            return index;
        }
        let index = u32::try_from(self.items.len()).expect("the callers cap the number of slots");
        self.items.push((hash, make()));
        self.table.insert_unique(hash, index, |&index| self.items[index as usize].0);
        index
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.items.iter().map(|(_, item)| item)
    }

    pub(super) fn get(&self, index: u32) -> &T {
        &self.items[index as usize].1
    }

    pub(super) fn get_mut(&mut self, index: u32) -> &mut T {
        &mut self.items[index as usize].1
    }

    /// Notes that a slot came into use; the caller knows it by a count of zero.
    pub(super) fn mark(&mut self, index: u32) {
        self.used.push(index);
    }

    /// Visits the slots in use and forgets that they are.
    pub(super) fn take_used(&mut self, mut visit: impl FnMut(&mut T)) {
        for &index in &self.used {
            visit(&mut self.items[index as usize].1);
        }
        self.used.clear();
    }
}
